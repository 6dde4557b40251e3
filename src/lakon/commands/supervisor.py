"""The process behind `--local`: started by commands, never by hand. `python -m lakon.commands.supervisor FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path

from lakon.local import supervisor


def main() -> None:
    """Run the embedded AWS of a folder until told to stop, or until its owner is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner-pid", type=int)
    arguments = parser.parse_args()
    supervisor.serve(arguments.folder, arguments.owner_pid)


if __name__ == "__main__":
    main()
