"""Finding and loading the user's program."""

from __future__ import annotations

import importlib
import sys
import tomllib
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError, ProgramError, UsageError
from lakon.model.service import Service
from lakon.model.values import Declaring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

DEFAULT_PROGRAM = "app.py"
SETTINGS = frozenset({"app"})
_LAKON = str(Path(__file__).parent.parent)


@dataclass(frozen=True, slots=True)
class Program:
    """A loaded program: its service, its file, and the project folder that is packaged."""

    service: Service
    path: Path
    root: Path

    def stack(self, stage: str) -> str:
        """The name of the service's stack in a stage."""
        return f"{self.service.name}-{stage}"


def find(named: str | None, folder: Path) -> Path:
    """The program's file: the one that was named, else what `[tool.lakon] app` says, else `app.py`.

    Looked for in `folder` and then upwards, as far as the repository or the home folder goes. Raises UsageError.
    """
    if named is not None:
        path = (folder / named).resolve()
        if path.is_dir():
            return find(None, path)
        if not path.is_file():
            raise UsageError(f"there is no program {named}", hint="--app takes the path of a Python file.")
        return path
    for place in (folder, *folder.parents):
        pyproject = place / "pyproject.toml"
        if pyproject.is_file() and (app := _settings(pyproject).get("app")):
            return _named_app(pyproject, app)
        if (place / DEFAULT_PROGRAM).is_file():
            return (place / DEFAULT_PROGRAM).resolve()
        if (place / ".git").exists() or place == Path.home():
            break
    raise UsageError(f"there is no program in {folder}", hint=_suggestion(folder))


def _settings(pyproject: Path) -> dict[str, object]:
    try:
        settings = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}).get("lakon", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"it is not TOML: {error}", where=str(pyproject)) from error
    unknown = sorted(set(settings) - SETTINGS)
    if unknown:
        raise UsageError(
            f"[tool.lakon] has no setting {unknown[0]!r}",
            where=str(pyproject),
            hint=f"The settings are: {', '.join(sorted(SETTINGS))}.",
        )
    return dict(settings)


def _named_app(pyproject: Path, app: object) -> Path:
    path = (pyproject.parent / str(app)).resolve()
    if not path.is_file():
        raise UsageError(f"[tool.lakon] app names {app!r}, which is not there", where=str(pyproject))
    return path


def _suggestion(folder: Path) -> str:
    for path in sorted(folder.glob("*.py")):
        if "lakon.Service(" in path.read_text("utf-8", "replace"):
            return f"{path.name} looks like one: --app {path.name}"
    return "`lakon new NAME` makes one; --app PATH names one."


def project_folder(path: Path) -> Path:
    """The folder of the project whose program is at `path`: what is packaged. Raises UsageError."""
    return _address(path)[0]


def load(path: Path) -> Program:
    """Import the program at `path` and find its one service.

    Raises ProgramError when it cannot be imported, with its own traceback cut at Lakon's frames, or when it declares
    no service or several.
    """
    root, module = _address(path)
    with _importing(root):
        try:
            names = vars(importlib.import_module(module))
        except LakonError:
            raise
        except SyntaxError as error:
            raise _syntax_error(error, root) from error
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
    return Program(services[0], path, root)


def _address(path: Path) -> tuple[Path, str]:
    """The project folder, and the name under which Lambda imports the program.

    A pyproject.toml whose `[tool.lakon]` names the program makes its folder the project; else it is the program's own
    folder, or the one above `src`.
    """
    root = path.parent.parent if path.parent.name == "src" else path.parent
    for place in path.parents:
        pyproject = place / "pyproject.toml"
        if pyproject.is_file() and (app := _settings(pyproject).get("app")):
            if (place / str(app)).resolve() == path:
                root = place
            break
    base = root / "src" if path.is_relative_to(root / "src") else root
    parts = path.relative_to(base).with_suffix("").parts
    for part in parts:
        if not part.isidentifier():
            raise UsageError(f"Lambda cannot import a program named {path.name}", hint=f"Rename {part!r}.")
    return root, ".".join(parts)


@contextmanager
def _importing(root: Path) -> Iterator[None]:
    """Let the project's own modules be imported as new, and forget them: the next program may use the same names."""
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
        with Declaring():
            yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            if name.partition(".")[0] != "lakon" and _is_below(sys.modules[name], root):
                del sys.modules[name]
        sys.modules.update(hidden)


def _own_names(folders: list[str]) -> set[str]:
    """The names under which the project's own modules are imported; Lakon's own is never among them."""
    names = set()
    for folder in map(Path, folders):
        names |= {path.stem for path in folder.glob("*.py")}
        names |= {path.parent.name for path in folder.glob("*/__init__.py")}
    return names - {"lakon"}


def _is_below(module: object, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(root) and ".venv" not in Path(file).parts


def _syntax_error(error: SyntaxError, root: Path) -> ProgramError:
    lines = traceback.format_exception_only(error)
    file = Path(error.filename or "?")
    place = file.relative_to(root) if file.is_relative_to(root) else file
    return ProgramError(
        f"the program is not Python: {error.msg}", where=f"{place}:{error.lineno}", detail="".join(lines[1:-1]).rstrip()
    )


def _import_error(error: BaseException, path: Path, root: Path) -> ProgramError:
    own = _own_frames(error.__traceback__)
    last = own[-1] if own else None
    place = path.name
    if last is not None:
        file = Path(last.filename)
        place = f"{file.relative_to(root) if file.is_relative_to(root) else file}:{last.lineno}"
    hint = None
    if isinstance(error, ModuleNotFoundError):
        hint = f"Install {error.name} where Lakon runs, and name it among the program's dependencies."
    if isinstance(error, SystemExit):
        hint = 'Keep what a program does when it is run below: if __name__ == "__main__":'
    said = "".join(traceback.format_exception_only(error)).strip()
    detail = "Traceback (most recent call last):\n" + "".join(traceback.format_list(own)) + said
    return ProgramError(f"the program raises {said.splitlines()[-1]}", where=place, hint=hint, detail=detail)


def _own_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """The frames of the user's code and of what it calls, without Lakon's and the import machinery's."""
    frames = traceback.extract_tb(trace)
    return [
        frame
        for frame in frames
        if not frame.filename.startswith((_LAKON, "<frozen")) and "importlib" not in frame.filename
    ]
