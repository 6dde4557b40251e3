"""`lakon pipeline`: the files of a pipeline that builds once and ships to a test stage and to production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lakon.build.disk import told_plainly
from lakon.commands.pipelines import codepipeline, github
from lakon.commands.pipelines.plan import plan
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
    """Write the pipeline's files into the project of the program; return their paths.

    Raises UsageError when one of them is there already and is something else, unless it shall be replaced.
    """
    texts = KINDS[kind](plan(program, branch=branch, test=test, production=production))
    paths = {program.root / name: text for name, text in texts.items()}
    for path, text in paths.items():
        if path.exists() and path.read_text("utf-8") != text and not replace:
            raise UsageError("there is another file already", where=str(path), hint="Add --replace.")
    for path, text in paths.items():
        with told_plainly("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return list(paths)
