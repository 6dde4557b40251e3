"""What a project depends on, as words for uv and as a text that changes whenever the answer could."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.disk import told_plainly, write_atomically
from lakon.build.tool import run_uv
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from pathlib import Path

_NESTED = r"(?m)^\s*(?:-r|-c|--requirement|--constraint)[\s=]\s*(\S+)"
_FIND_LINKS = r"(?m)^\s*(?:-f|--find-links)[\s=]\s*(\S+)"
_WHEEL = r"(\S+\.whl)\b"

_WHOLE = b"# whole\n"


class Requirements(NamedTuple):
    """What uv is asked for: `file` holds it, `locked` says that nothing is left to resolve.

    `identity` is a SHA-256 in hex over everything that decides the answer.
    """

    file: Path
    locked: bool
    identity: str


def read_requirements(root: Path, cache: Path) -> Requirements | None:
    """Find what the project at `root` depends on; None when on nothing but Lakon and the standard library.

    In this order: `uv.lock`, the dependencies of `pyproject.toml`, `requirements.txt`. Raises BuildError when a
    file cannot be read or uv refuses it.
    """
    with told_plainly("read the requirements", root):
        pyproject = root / "pyproject.toml"
        if (root / "uv.lock").is_file() and pyproject.is_file():
            return _locked(root, cache)
        if pyproject.is_file():
            declared = _declared(pyproject)
            if declared is not None:
                return declared if declared.identity else None
        listed = root / "requirements.txt"
        if listed.is_file():
            return _listed(listed)
    return None


def _locked(root: Path, cache: Path) -> Requirements | None:
    asked = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml"):
        content = (root / name).read_bytes()
        asked.update(b"%d\n" % len(content) + content)
    exported = cache / "exports" / f"{asked.hexdigest()}.txt"
    if not exported.exists() or not exported.read_bytes().endswith(_WHOLE):
        export = ["export", "--frozen", "--no-default-groups", "--no-emit-project", "--prune", "lakon"]
        write_atomically(exported, run_uv([*export, "--no-header", "--no-annotate"], root).encode() + _WHOLE)
    text = exported.read_text(encoding="utf-8")
    if text.encode() == _WHOLE:
        return None
    return Requirements(exported, True, _digest(text, _named_files(text, root)))


def _declared(pyproject: Path) -> Requirements | None:
    """Read [project.dependencies]; None when there is no such list, an empty `identity` when it is empty."""
    import tomllib

    try:
        table = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"cannot be read: {error}", where=str(pyproject)) from error
    project = table.get("project", {})
    dependencies = project.get("dependencies") if isinstance(project, dict) else None
    if dependencies is None:
        return None
    if not isinstance(dependencies, list):
        raise BuildError(f"its dependencies are {dependencies!r}, and no list", where=str(pyproject))
    if all(_is_lakon(str(line)) for line in dependencies):
        return Requirements(pyproject, False, "")
    tool = table.get("tool", {})
    asked = repr((dependencies, tool.get("uv") if isinstance(tool, dict) else None))
    return Requirements(pyproject, False, _digest(asked))


def _listed(listed: Path) -> Requirements | None:
    text = _text(listed)
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if all(_is_lakon(line) for line in lines):
        return None
    return Requirements(listed, False, _digest(text, _named_files(text, listed.parent, (listed.resolve(),))))


def _text(requirements: Path) -> str:
    try:
        return requirements.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BuildError(f"cannot be read: {error}", where=str(requirements), hint="Save it as UTF-8.") from error


def _is_lakon(line: str) -> bool:
    return line.partition("#")[0].strip() == "lakon"


def _named_files(text: str, folder: Path, above: tuple[Path, ...] = ()) -> str:
    """Digest the files beside a requirements file that its text names: nested ones, wheels, folders of wheels.

    `above` are the files in which it is nested.
    """
    import re

    told = []
    for name in re.findall(_NESTED, text):
        nested = (folder / name).resolve()
        if nested in above:
            raise BuildError(f"it names {name}, which holds it", where=str(above[-1]), hint="Take the line out.")
        inner = _text(nested)
        told.append(inner)
        told.append(_named_files(inner, nested.parent, (*above, nested)))
    wheels = [folder / name.removeprefix("file://") for name in re.findall(_WHEEL, text)]
    for name in re.findall(_FIND_LINKS, text):
        wheels.extend(sorted((folder / name).glob("*.whl")))
    for wheel in wheels:
        if wheel.is_file():
            told.append(f"{wheel.name}:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    return "\n".join(told)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
