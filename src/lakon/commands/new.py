"""`lakon new`: a working project."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from lakon.exceptions import UsageError
from lakon.interpreters import RUNNING
from lakon.settings import storage_hint
from lakon.synth.checks.service import PYTHONS, SERVICE_NAME

if TYPE_CHECKING:
    from pathlib import Path

_FILES = {
    "app.py": "app.py.txt",
    "test_app.py": "test_app.py.txt",
    "README.md": "README.md.txt",
    "requirements.txt": "requirements.txt",
    ".gitignore": "gitignore.txt",
}
_GO_FILES = {
    **_FILES,
    "app.py": "go/app.py.txt",
    "test_app.py": "go/test_app.py.txt",
    "greet/go.mod": "go/go.mod.txt",
    "greet/main.go": "go/main.go.txt",
}


def new(name: str, folder: Path, *, go: bool = False) -> Path:
    """Make the project `name` in a folder of that name below `folder`: program, test, README; with `go` one in Go.

    Raises UsageError when the name is not one for a service, the folder holds something already, or cannot be made.
    """
    if not SERVICE_NAME.fullmatch(name):
        raise UsageError(
            f"a service cannot be named {name!r}",
            hint="Use lower-case letters, digits and hyphens, at most 40, and begin with a letter.",
        )
    project = folder / name
    if project.exists() and (not project.is_dir() or any(project.iterdir())):
        raise UsageError(f"there is something in {project} already", hint="Choose another name or folder.")
    python = RUNNING if RUNNING in PYTHONS else PYTHONS[-1]
    templates = resources.files("lakon.commands") / "project"
    files = _GO_FILES if go else _FILES
    texts = {file: templates.joinpath(source).read_text("utf-8") for file, source in files.items()}
    try:
        project.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (project / file).parent.mkdir(exist_ok=True)
            (project / file).write_text(text.replace("{{name}}", name).replace("{{python}}", python), "utf-8")
    except OSError as error:
        hint = storage_hint(error.errno) or "Choose another folder."
        raise UsageError(f"the project cannot be made: {error.strerror}", where=str(project), hint=hint) from error
    return project
