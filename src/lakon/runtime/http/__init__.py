"""HTTP inside Lambda: events to requests, handlers, answers to what each front door wants. Ships."""
