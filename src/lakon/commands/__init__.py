"""One file per verb: loads the program, composes rooms, returns a result. Knows no terminal."""
