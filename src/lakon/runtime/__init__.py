"""What runs inside Lambda. Ships: standard library only, imports nothing else of lakon."""
