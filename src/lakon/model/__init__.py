"""What a program declares. Ships into Lambda: plain slotted values that remember, no I/O, no work at declaration."""
