"""Delve for Go functions, where the user has it: it starts the program in the place of `bootstrap`."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from lakon.exceptions import LocalError

if TYPE_CHECKING:
    from pathlib import Path

_OPTIONS = "--headless --accept-multiclient --continue"


def bootstrap(place: Path, port: int) -> Path:
    """A script at `place` that starts `program`, which lies beside it, under Delve.

    It listens on the loopback `port`, and clients may come and go. LocalError when there is no `dlv` on PATH.
    """
    found = shutil.which("dlv")
    if found is None:
        raise LocalError(
            "Delve, Go's debugger, is not installed",
            hint="Install it so that `dlv` is on PATH: go install github.com/go-delve/delve/cmd/dlv@latest",
        )
    command = f"{shlex.quote(found)} exec {_OPTIONS} --listen=127.0.0.1:{port} ./program"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\nexport XDG_CONFIG_HOME=/tmp\nexec {command}\n", "utf-8")
    place.chmod(0o755)
    return place
