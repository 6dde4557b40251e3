"""The supervisor program of these tests: what `lakon.commands` has for users."""

from __future__ import annotations

import argparse
from pathlib import Path

from lakon.local.host import Limits
from lakon.local.supervisor import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner-pid", type=int)
    parser.add_argument("--idle", type=float, default=300)
    arguments = parser.parse_args()
    serve(arguments.folder, arguments.owner_pid, Limits(init=3.0, idle=arguments.idle))
