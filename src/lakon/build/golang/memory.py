"""What an earlier build made of the same files: looked up by their names, sizes and times of change, without Go."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from lakon.build.disk import temporary_name, write_atomically
from lakon.build.golang.inputs import Inputs

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.build.golang.sources import GoSource


class Memory:
    """Keeps binaries by their content in `folder`, and for each source what it was made from."""

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def recall(self, source: GoSource) -> Path | None:
        """The binary of a source, when nothing that decides it has changed."""
        try:
            known = json.loads(self._answer(source).read_bytes())
            inputs = Inputs(*map(tuple, known["inputs"]))
            binary = self._binary(known["binary"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return binary if binary.exists() and inputs.state() == known["state"] else None

    def keep(self, source: GoSource, inputs: Inputs, state: str, made: Path) -> Path:
        """Take the file `made` from files that were in the state `state`, and remember it. Raises OSError."""
        with made.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        binary = self._binary(digest)
        if not binary.exists():
            binary.parent.mkdir(parents=True, exist_ok=True)
            part = temporary_name(binary.parent)
            shutil.move(made, part)
            part.replace(binary)
        told = {"inputs": inputs, "state": state, "binary": digest}
        write_atomically(self._answer(source), json.dumps(told).encode())
        return binary

    def _answer(self, source: GoSource) -> Path:
        key = hashlib.sha256(f"{source.key()}\n{self._identity}".encode()).hexdigest()
        return self._folder / "answers" / f"{key}.json"

    def _binary(self, digest: str) -> Path:
        return self._folder / "binaries" / digest
