"""Parse, call a command, render its result, set the exit code. Nothing imports this room."""
