"""The folder that `lakon build` leaves: deployable by any other tool, described by its manifest."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from lakon.build.disk import told_plainly, write_atomically, written_beside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.build.archive import Archive

_OURS = re.compile(r"[0-9a-f]{64}\.zip|\.[0-9a-f]{16}\.part")
_HOUR = 3600.0

NESTED = "lakon/templates"
"""Where in the folder, and in the bucket, nested templates lie."""


def write_output(
    folder: Path,
    template: str,
    archives: Mapping[str, Archive],
    facts: Mapping[str, object],
    parameters: Mapping[str, str],
    nested: Mapping[str, str] | None = None,
) -> None:
    """Write `folder`: templates, parameters, archives and manifest; each file in one step, the manifest last.

    `archives` maps the template's parameters to the archives whose file names are their values; `parameters` holds
    the values of others. `parameters.json` is what `aws cloudformation deploy --parameter-overrides
    file://parameters.json` takes; the archives are to be uploaded under their names. `facts` (service, stage,
    python, ...) stand at the top of the manifest. `nested` are the templates that the template names, by the keys under
    which they have to lie in the bucket; in the folder they have the same paths. Archives that only an older manifest
    named are removed, and so are nested templates of older builds.
    Raises BuildError.
    """
    with told_plainly("write the output folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
        before = _named(folder / "manifest.json")
        for archive in archives.values():
            _bring(archive, folder)
        values = {**parameters, **{name: archive.path.name for name, archive in archives.items()}}
        manifest = {**facts, "archives": {name: _told(archive) for name, archive in sorted(archives.items())}}
        _write_nested(folder, nested or {})
        write_atomically(folder / "template.json", template.encode())
        write_atomically(
            folder / "parameters.json", _json([f"{name}={value}" for name, value in sorted(values.items())])
        )
        write_atomically(folder / "manifest.json", _json(manifest))
        _remove_older(folder, before, {archive.path.name for archive in archives.values()})
        for path in set((folder / NESTED).glob("*.json")) - {folder / key for key in nested or {}}:
            path.unlink(missing_ok=True)


def _write_nested(folder: Path, nested: Mapping[str, str]) -> None:
    for key, template in nested.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / key, template.encode())


def is_output(folder: Path) -> bool:
    """Whether an earlier build left its output in `folder`: then our manifest stands there."""
    try:
        known = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(known, dict) and {"service", "stage", "archives"} <= known.keys()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _told(archive: Archive) -> dict[str, object]:
    return {
        "file": archive.path.name,
        "sha256": archive.digest,
        "size": archive.size,
        "unpacked": archive.unpacked,
    }


def _bring(archive: Archive, folder: Path) -> None:
    """Copy `archive` into `folder` unless it was built there."""
    target = folder / archive.path.name
    if target.exists() and target.stat().st_size == archive.size:
        return
    import shutil

    with written_beside(folder) as part:
        shutil.copyfile(archive.path, part)
        part.replace(target)


def _named(manifest: Path) -> set[str]:
    """Return the archives that an older manifest names; none when there is no such manifest."""
    try:
        known = json.loads(manifest.read_bytes())
        return {str(archive["file"]) for archive in known["archives"].values()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _remove_older(folder: Path, before: set[str], now: set[str]) -> None:
    """Remove archives that nothing names any more; of those that no manifest ever named, only hour-old ones.

    A younger one may belong to another build that is going on in the same folder.
    """
    for path in folder.iterdir():
        if path.name in now or not _OURS.fullmatch(path.name):
            continue
        with suppress(FileNotFoundError):
            if path.name in before or time.time() - path.stat().st_mtime > _HOUR:
                path.unlink()
