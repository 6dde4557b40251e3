"""`python -m lakon` is `lakon`."""

from lakon.cli.main import main

main()
