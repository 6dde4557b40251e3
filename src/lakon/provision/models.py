"""botocore's descriptions of AWS, read in a tenth of the time.

Most of what botocore ships about a service is documentation in gzipped JSON, and to find one service it looks into
the folders of all. What is kept here is the same without the documentation, as Python itself keeps byte code.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from botocore.loaders import JSONFileLoader, Loader

from lakon.build.disk import write_atomically
from lakon.settings import cache_folder

Model: TypeAlias = "dict[str, Model] | list[Model] | str | float | bool | None"

EXTENSIONS = (".json", ".json.gz")
WORTHWHILE = 4096  # bytes of a file from which on it is kept

_FORMAT = 2


class Models(Loader):
    """Finds and loads the descriptions that botocore ships, and those of the user's own: `data_path` lists folders."""

    def __init__(self, data_path: str | None) -> None:
        folders = data_path.split(os.pathsep) if data_path else []
        own = [Path(os.path.expandvars(folder)).expanduser() for folder in folders]
        super().__init__(extra_search_paths=[str(folder) for folder in own], file_loader=_Kept())

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """All services, whatever types of description they have: to look would take longer than to make a client."""
        found: set[str] = set()
        for folder in self.search_paths:
            with suppress(OSError):
                found.update(entry.name for entry in os.scandir(folder))
        return sorted(found)


class _Kept(JSONFileLoader):
    """Reads a JSON file as it was kept in Lakon's cache, and keeps it there when it was not."""

    def load_file(self, file_path: str) -> Model:
        """What is in the file of that name without its extension, less the documentation; None when there is none."""
        for extension in EXTENSIONS:
            try:
                facts = Path(file_path + extension).stat()
            except OSError:
                continue
            if facts.st_size < WORTHWHILE:
                break
            identity = (_FORMAT, sys.version, file_path + extension, facts.st_size, facts.st_mtime_ns)
            place = cache_folder() / "models" / sha256(repr(identity).encode()).hexdigest()
            with suppress(OSError, EOFError, ValueError, TypeError):
                kept: Model = marshal.loads(place.read_bytes())  # noqa: S302 - as trusted as the byte code beside Lakon
                return kept
            plain = _without_documentation(super().load_file(file_path))
            with suppress(OSError):
                write_atomically(place, marshal.dumps(plain))
            return plain
        read: Model = super().load_file(file_path)
        return read


def _without_documentation(value: Model) -> Model:
    """`value` in plain dictionaries. A member that is named "documentation" has a description, and keeps it."""
    match value:
        case dict():
            return {
                key: "" if key == "documentation" and isinstance(inner, str) else _without_documentation(inner)
                for key, inner in value.items()
            }
        case list():
            return [_without_documentation(inner) for inner in value]
        case _:
            return value
