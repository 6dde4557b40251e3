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

    def code(self, digest: str) -> Path:
        """The folder with the code of archive `digest`: LAMBDA_TASK_ROOT."""
        return self._unpacked("code", digest, [digest])

    def layers(self, digests: Sequence[str]) -> Path:
        """The folder that holds the layers, the later ones over the earlier: /opt."""
        return self._unpacked("opt", hashlib.sha256(" ".join(digests).encode()).hexdigest(), digests)

    def scratch(self) -> Path:
        """A new empty folder: the /tmp of one environment."""
        return Path(tempfile.mkdtemp(prefix="tmp-", dir=self._work))

    def discard(self, scratch: Path) -> None:
        """Remove a folder made by `scratch`."""
        shutil.rmtree(scratch, ignore_errors=True)

    def _unpacked(self, kind: str, name: str, digests: Sequence[str]) -> Path:
        folder = self._work / kind / name[:32]
        if folder.exists():
            return folder
        folder.parent.mkdir(exist_ok=True)
        unpacking = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
        unpacking.chmod(0o755)
        try:
            for digest in digests:
                _unpack(self.uploads / f"{digest}.zip", unpacking)
            unpacking.rename(folder)
        except OSError:
            if not folder.exists():  # else another thread was faster, with the same
                raise
        finally:
            shutil.rmtree(unpacking, ignore_errors=True)
        return folder


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
