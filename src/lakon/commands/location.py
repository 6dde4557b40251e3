"""Where the user's program is: its file, its project's folder, and the name under which Lambda imports it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from lakon.exceptions import UsageError

DEFAULT_PROGRAM = "app.py"
SETTINGS = frozenset({"app", "stages"})
_TAKEN = sys.stdlib_module_names | {"lakon"}


def find(named: str | None, folder: Path) -> Path:
    """The program's file: the one that was named, else what `[tool.lakon] app` says, else `app.py`.

    A folder that is named holds the program itself. Without a name it is looked for in `folder` and then upwards, as
    far as the repository or the home folder goes, through folders that nobody else may write to. Raises UsageError.
    """
    if named is None:
        for place in _upwards(folder):
            if found := _program_in(place):
                return found
        raise UsageError(f"there is no program in {folder}", hint=_suggestion(folder, Path()))
    path = (folder / named).resolve()
    if path.is_dir():
        if found := _program_in(path):
            return found
        raise UsageError(f"there is no program in {named}", hint=_suggestion(path, Path(named)))
    if not path.is_file() or path.suffix != ".py":
        what = f"{named} is no Python file" if path.is_file() else f"there is no program {named}"
        raise UsageError(what, hint="--app takes the path of a Python file.")
    return path


def _upwards(folder: Path) -> list[Path]:
    """`folder`, and the folders above it in which a program of the user's may be looked for."""
    places = [folder]
    while not ((places[-1] / ".git").exists() or places[-1] == Path.home()) and _is_own(places[-1].parent):
        places.append(places[-1].parent)
    return places


def _is_own(folder: Path) -> bool:
    """Whether the user, and nobody else, decides which files stand in a folder. The root of all is nobody's."""
    facts = folder.stat()
    return folder != folder.parent and facts.st_uid == os.getuid() and not facts.st_mode & stat.S_IWOTH


def _program_in(folder: Path) -> Path | None:
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file() and (app := settings(pyproject).get("app")):
        return _named_app(pyproject, app)
    program = folder / DEFAULT_PROGRAM
    return program.resolve() if program.is_file() else None


def settings(pyproject: Path) -> dict[str, object]:
    """What `[tool.lakon]` says. UsageError when that is not as it must be."""
    import tomllib  # not for projects without a pyproject.toml

    try:
        table: dict[str, object] = tomllib.loads(pyproject.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"it is not TOML: {error}", where=str(pyproject)) from error
    for name in ("tool", "lakon"):
        inner = table.get(name, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{name!r} is {inner!r}, and no table", where=str(pyproject), hint="Write: [tool.lakon]")
        table = inner
    unknown = sorted(set(table) - SETTINGS)
    if unknown:
        raise UsageError(
            f"[tool.lakon] has no setting {unknown[0]!r}",
            where=str(pyproject),
            hint=f"The settings are: {', '.join(sorted(SETTINGS))}.",
        )
    return table


def _named_app(pyproject: Path, app: object) -> Path:
    path = (pyproject.parent / str(app)).resolve()
    if not path.is_file():
        raise UsageError(f"[tool.lakon] app names {app!r}, which is not there", where=str(pyproject))
    if path.suffix != ".py" or not path.is_relative_to(pyproject.parent.resolve()):
        raise UsageError(
            f"[tool.lakon] app names {app!r}, which is no Python file of the project", where=str(pyproject)
        )
    return path


def _suggestion(folder: Path, named: Path) -> str:
    """What to do where `folder`, which the user calls `named`, holds no program that is found by itself."""
    for path in (*sorted(folder.glob("*.py")), *sorted(folder.glob("src/*.py"))):
        if "lakon.Service(" in path.read_text("utf-8", "replace"):
            inside = path.relative_to(folder)
            return f"{inside} looks like one: --app {named / inside}"
    return "`lakon new NAME` makes one; --app PATH names one."


def project_folder(path: Path) -> Path:
    """The folder of the project whose program is at `path`: what is packaged. Raises UsageError."""
    return address(path)[0]


def address(path: Path) -> tuple[Path, str]:
    """The project folder, and the name under which Lambda imports the program. Raises UsageError.

    A pyproject.toml whose `[tool.lakon]` names the program makes its folder the project; else it is the program's own
    folder, or the one above `src`.
    """
    root = path.parent.parent if path.parent.name == "src" else path.parent
    for place in path.parents:
        pyproject = place / "pyproject.toml"
        if pyproject.is_file() and (app := settings(pyproject).get("app")):
            if (place / str(app)).resolve() == path:
                root = place
            break
    base = root / "src" if path.is_relative_to(root / "src") else root
    parts = path.relative_to(base).with_suffix("").parts
    for part in parts:
        if not part.isidentifier():
            raise UsageError(f"Lambda cannot import a program named {path.name}", hint=f"Rename {part!r}.")
    if parts[0] in _TAKEN:
        owner = "Lakon's" if parts[0] == "lakon" else "one of Python's own modules"
        raise UsageError(f"a program cannot be named {parts[0]!r}, which is {owner}", hint=f"Rename {parts[0]!r}.")
    return root, ".".join(parts)
