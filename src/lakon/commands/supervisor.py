"""The process behind `--local`: started by commands, never by hand. `python -m lakon.commands.supervisor FOLDER`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.local import supervisor

if TYPE_CHECKING:
    from lakon.local.logs import LogsClient


def _logs_client(folder: Path, endpoint_url: str, region: str) -> LogsClient:
    from lakon.local.journal import Journal
    from lakon.provision.session import Session
    from lakon.settings import Target

    return Journal(Session(Target(region=region, endpoint_url=endpoint_url, local=True)).plain("logs"), folder)


def main() -> None:
    """Run the embedded AWS of a folder until told to stop, or until its owner is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner-pid", type=int)
    arguments = parser.parse_args()
    supervisor.serve(arguments.folder, partial(_logs_client, arguments.folder), arguments.owner_pid)


if __name__ == "__main__":
    main()
