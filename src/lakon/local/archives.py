"""Function code and layers on disk: each archive is unpacked once, by its digest."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.local.functions import Function


class Archives:
    """Archives lie as `<digest>.zip` in `folder/archives`.

    What is unpacked of them under `folder/work`, made anew at every start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uploads = folder / "archives"
        self._work = folder / "work"
        self.uploads.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()

    def unpacked(self, function: Function) -> tuple[Path, Path | None] | None:
        """The folders with the code of a function and with its layers, if they are there. See `unpack`."""
        task, opt = self._code(function), self._layers(function)
        return (task, opt) if task.exists() and (opt is None or opt.exists()) else None

    def unpack(self, function: Function) -> tuple[Path, Path | None]:
        """The folder with the code of a function, and that with its layers, the later ones over the earlier."""
        task, opt = self._code(function), self._layers(function)
        _unpack_all([self._archive(function.code)], task)
        if opt:
            _unpack_all([self._archive(digest) for digest in function.layers], opt)
        return task, opt

    def scratch(self) -> Path:
        """A new empty folder: the /tmp of one environment."""
        return Path(tempfile.mkdtemp(prefix="tmp-", dir=self._work))

    def discard(self, scratch: Path) -> None:
        """Remove a folder made by `scratch`."""
        shutil.rmtree(scratch, ignore_errors=True)

    def _code(self, function: Function) -> Path:
        return self._work / "code" / function.code[:32]

    def _layers(self, function: Function) -> Path | None:
        if not function.layers:
            return None
        return self._work / "opt" / hashlib.sha256(" ".join(function.layers).encode()).hexdigest()[:32]

    def _archive(self, digest: str) -> Path:
        return self.uploads / f"{digest}.zip"


def _unpack_all(archives: Sequence[Path], folder: Path) -> None:
    """Unpack archives into one folder, in one step, unless it is there."""
    if folder.exists():
        return
    folder.parent.mkdir(exist_ok=True)
    unpacking = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    unpacking.chmod(0o755)
    try:
        for archive in archives:
            _unpack(archive, unpacking)
        unpacking.rename(folder)
    except OSError:
        if not folder.exists():  # else another thread was faster, with the same
            raise
    finally:
        shutil.rmtree(unpacking, ignore_errors=True)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack with permission bits; symbolic links stay links as long as they stay inside the folder."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                _link(folder, entry.filename, opened.read(entry).decode())
                continue
            made = Path(opened.extract(entry, folder))
            if made.is_file() and mode & 0o777:
                made.chmod((mode & 0o777) | stat.S_IRUSR | stat.S_IWUSR)


def _link(folder: Path, name: str, target: str) -> None:
    link = folder / name
    inside = folder.resolve()
    if not (link.parent.resolve() / target).resolve().is_relative_to(
        inside
    ) or not link.parent.resolve().is_relative_to(inside):
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        link.symlink_to(target)
