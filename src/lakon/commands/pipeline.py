"""`lakon pipeline`: the files of a pipeline that builds once and ships to a test stage and to production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lakon.commands.pipelines import codepipeline, github
from lakon.commands.pipelines.plan import plan, top
from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.commands.program import Program

KINDS = {"github": github.files, "codepipeline": codepipeline.files}


def pipeline(
    program: Program,
    kind: Literal["github", "codepipeline"],
    *,
    branch: str,
    test: str,
    production: str,
    replace: bool = False,
) -> list[Path]:
    """Write the pipeline's files; return their paths.

    Those for GitHub go to the top of the git repository that the project lies in, where GitHub looks for them. Raises
    UsageError when one of them is there already and is something else, unless it shall be replaced; and when it cannot
    be written.
    """
    planned = plan(program, branch=branch, test=test, production=production)
    if kind == "codepipeline" and planned.folder:
        raise UsageError(
            f"the project lies in the folder {planned.folder} of its repository",
            hint="CodeBuild works at the top of one: use `lakon pipeline github`, or a repository of its own.",
        )
    folder = top(program.root)
    paths = {folder / name: text for name, text in KINDS[kind](planned).items()}
    for path, text in paths.items():
        if path.exists() and path.read_text("utf-8") != text and not replace:
            raise UsageError("there is another file already", where=str(path), hint="Add --replace.")
    for path, text in paths.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise UsageError(f"the file cannot be written: {error.strerror}", where=str(path)) from error
    return list(paths)
