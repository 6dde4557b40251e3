"""Which files of a project are saved.

Built on watchfiles (the notify library of Rust), for the operating system's own notifications cost nothing while
nothing happens. Folders are watched one by one: virtual environments and `node_modules`, which would take thousands of
watches, are never entered. What is told is a hint to look, not the truth: editors write a file several times, and in
several ways.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from lakon.exceptions import LocalError

if TYPE_CHECKING:
    from typing import Self

_SETTLED = 10  # ms without another change after which a burst of them is over
_LONGEST = 200  # ms after which a burst that does not end is told all the same
_ADDED = 1
_IGNORED = frozenset({"__pycache__", "node_modules"})


class Watch:
    """Watches the folder `root` and all below it, from when it is made until `close`.

    What begins with a dot, `__pycache__`, `node_modules` and virtual environments are not looked at. LocalError when
    the operating system gives no more watches.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders = _folders(root)
        self._notify = _open(self._folders)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, seconds: float) -> frozenset[Path]:
        """The paths that changed, once a burst of changes is over; none when nothing happened within `seconds`."""
        changes = self._notify.watch(_LONGEST, _SETTLED, int(seconds * 1000), None)
        if isinstance(changes, str):
            if changes == "signal":
                raise KeyboardInterrupt
            return frozenset()
        came = {name for kind, name in changes if kind == _ADDED}
        passed = {name for name in came if not os.path.lexists(name)}  # an editor's own, on the way to the real one
        paths = frozenset(Path(name) for _, name in changes if name not in passed)
        paths = frozenset(path for path in paths if not _ignored(path, self._root) and not _is_our_output(path))
        if any(path.is_dir() or str(path) in self._folders for path in paths):
            self._look_again()
        return paths

    def close(self) -> None:
        """Watch no more."""
        self._notify.close()

    def _look_again(self) -> None:
        """Watch the folders that there are now. The new watch begins before the old one ends: nothing is missed."""
        folders = _folders(self._root)
        if folders != self._folders:
            before, self._notify, self._folders = self._notify, _open(folders), folders
            before.close()


def _open(folders: frozenset[str]) -> RustNotify:
    try:
        return RustNotify(
            sorted(folders),
            debug=False,
            force_polling=False,
            poll_delay_ms=300,
            recursive=False,
            ignore_permission_denied=True,
        )
    except (OSError, WatchfilesRustInternalError) as error:
        raise LocalError(
            f"the project's {len(folders)} folders cannot be watched: {error}",
            hint="On Linux `sysctl fs.inotify.max_user_watches=524288` allows more watches.",
        ) from error


def _folders(root: Path) -> frozenset[str]:
    found = set()
    for folder, inner, files in os.walk(root):
        if "pyvenv.cfg" in files and folder != str(root):
            inner.clear()
            continue
        inner[:] = [name for name in inner if not _is_ignored(name)]
        found.add(folder)
    return frozenset(found)


def _ignored(path: Path, root: Path) -> bool:
    return any(_is_ignored(part) for part in path.relative_to(root).parts)


def _is_our_output(path: Path) -> bool:
    """Whether this process writes the file itself, as in `lakon dev > dev.out`: its own words are no news to it."""
    with suppress(OSError):
        facts = path.stat()
        return any(os.path.samestat(facts, os.fstat(stream)) for stream in (1, 2))
    return False


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED
