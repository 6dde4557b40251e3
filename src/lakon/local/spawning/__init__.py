"""The process that starts those of functions. What stands here runs alone: standard library only, nothing of lakon."""
