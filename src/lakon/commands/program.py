"""Finding and loading the user's program."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.commands.location import address, find, project_folder
from lakon.exceptions import LakonError, ProgramError
from lakon.model.service import Service
from lakon.model.values import Declaring
from lakon.settings import DEFAULT_STAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from traceback import FrameSummary
    from types import ModuleType, TracebackType

__all__ = ["Program", "find", "load", "project_folder"]

_LAKON = str(Path(__file__).parent.parent)


@dataclass(frozen=True, slots=True)
class Program:
    """A loaded program: its service, its file, the project folder that is packaged, and the modules of the project."""

    service: Service
    path: Path
    root: Path
    modules: Mapping[str, ModuleType] = field(default_factory=dict, repr=False)

    def stack(self, stage: str) -> str:
        """The name of the service's stack in a stage."""
        return f"{self.service.name}-{stage}"

    def functions(self, stage: str) -> dict[str, str]:
        """What the functions are called in AWS in a stage, by their names."""
        return {function.name: function.physical(self.stack(stage)) for function in self.service.functions}

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Let the project's modules be found by their names: annotations that are texts are looked up there."""
        hidden = {name: sys.modules[name] for name in self.modules if name in sys.modules}
        sys.modules.update(self.modules)
        try:
            yield
        finally:
            for name in self.modules:
                sys.modules.pop(name, None)
            sys.modules.update(hidden)


def load(path: Path, stage: str = DEFAULT_STAGE) -> Program:
    """Import the program at `path` for a stage, and find its one service.

    What it prints meanwhile goes to stderr: stdout is data. Raises ProgramError when it cannot be imported, with its
    own traceback cut at Lakon's frames, or when it declares no service or several.
    """
    if not path.is_file():
        raise ProgramError("the program is gone", where=path.name, hint="Bring the file back, or name another: --app.")
    root, module = address(path)
    with _importing(root, stage) as modules:
        try:
            names = vars(importlib.import_module(module))
        except LakonError:
            raise
        except SyntaxError as error:
            raise _syntax_error(error, path, root) from error
        except (Exception, SystemExit) as error:
            raise _import_error(error, path, root) from error
    services = list({id(value): value for value in names.values() if isinstance(value, Service)}.values())
    if not services:
        raise ProgramError(
            "the program declares no service",
            where=path.name,
            hint='Write at its top level: service = lakon.Service("name")',
        )
    if len(services) > 1:
        told = ", ".join(f"{service.name!r} at {service.origin.place(str(root))}" for service in services)
        raise ProgramError(
            f"the program declares {len(services)} services: {told}",
            where=path.name,
            hint="One program is one service: move the other to a file of its own.",
        )
    return Program(services[0], path, root, modules)


@contextmanager
def _importing(root: Path, stage: str) -> Iterator[dict[str, ModuleType]]:
    """Let the project's own modules be imported as new, and forget them: the next program may use the same names.

    They are in the dict that is given when all is over.
    """
    modules: dict[str, ModuleType] = {}
    paths = [str(root / "src"), str(root)] if (root / "src").is_dir() else [str(root)]
    before = sys.path[:]
    own = _own_names(paths)
    hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in own}
    for name in hidden:
        del sys.modules[name]
    known = set(sys.modules)
    sys.path[:0] = paths
    importlib.invalidate_caches()
    try:
        with Declaring(stage), redirect_stdout(sys.stderr):
            yield modules
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            if name.partition(".")[0] != "lakon" and _is_own(getattr(sys.modules[name], "__file__", None), root):
                modules[name] = sys.modules.pop(name)
        sys.modules.update(hidden)


def _own_names(folders: list[str]) -> set[str]:
    """The names under which the project's own modules are imported; Lakon's own is never among them."""
    names = set()
    for folder in map(Path, folders):
        names |= {path.stem for path in folder.glob("*.py")}
        names |= {path.parent.name for path in folder.glob("*/__init__.py")}
    return names - {"lakon"}


def _is_own(file: object, root: Path) -> bool:
    """Whether a file is the project's, and not of a virtual environment that stands in it."""
    return isinstance(file, str) and Path(file).is_relative_to(root) and "site-packages" not in Path(file).parts


def _place(file: str, line: int | None, root: Path) -> str:
    path = Path(file)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown}:{line}" if line else str(shown)


def _syntax_error(error: SyntaxError, path: Path, root: Path) -> ProgramError:
    """Python does not tell the file where it finds no text in it (NUL): then the last line that imported counts."""
    import traceback

    lines = traceback.format_exception_only(error)
    importing = _blamed(_user_frames(error.__traceback__), root)
    where = _place(error.filename, error.lineno, root) if error.filename else importing or path.name
    return ProgramError(
        f"the program is not Python: {error.msg}", where=where, detail="".join(lines[1:-1]).rstrip() or None
    )


def _import_error(error: BaseException, path: Path, root: Path) -> ProgramError:
    import traceback

    frames = _user_frames(error.__traceback__)
    said = "".join(traceback.format_exception_only(error)).strip()
    return ProgramError(
        f"the program raises {said.splitlines()[-1]}",
        where=_blamed(frames, root) or path.name,
        hint=_import_hint(error, path),
        detail="Traceback (most recent call last):\n" + "".join(traceback.format_list(frames)) + said,
    )


def _import_hint(error: BaseException, path: Path) -> str | None:
    packages = [folder.name for folder in takewhile(_is_package, path.parents)]
    match error:
        case ImportError() if packages and (error.name in packages or "relative import" in error.msg):
            named = "/".join([*reversed(packages), path.name])
            return (
                f'The program is part of a package. Say so in the pyproject.toml beside: [tool.lakon] app = "{named}"'
            )
        case ModuleNotFoundError():
            return f"Install {error.name} where Lakon runs, and name it among the program's dependencies."
        case SystemExit():
            return 'Keep what a program does when it is run below: if __name__ == "__main__":'
        case _:
            return None


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


def _blamed(frames: Sequence[FrameSummary], root: Path) -> str | None:
    """The line that raised: the last of the project's own, else the last of all."""
    own = [frame for frame in frames if _is_own(frame.filename, root)] or frames
    return _place(own[-1].filename, own[-1].lineno, root) if own else None


def _user_frames(trace: TracebackType | None) -> list[FrameSummary]:
    """The frames of the user's code and of what it calls, without Lakon's and the import machinery's."""
    import traceback

    frames = traceback.extract_tb(trace)
    return [
        frame
        for frame in frames
        if not frame.filename.startswith((_LAKON, "<frozen")) and "importlib" not in frame.filename
    ]
