"""A service with Go in it: built for this machine, once for many runs, and run on the real host."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING, Any

from lakon.commands.build import build
from lakon.commands.program import load
from lakon.report import Silent
from lakon.settings import Target
from tests.build.golang import kept
from tests.local.hosting import hosting, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from lakon.commands.build import Build
    from lakon.local.functions import Function
    from tests.build.golang import GoProject
    from tests.local.hosting import Hosting

    Scenario = Callable[[Hosting, dict[str, Function]], Coroutine[None, None, None]]


def service(program: str, files: Mapping[str, str]) -> GoProject:
    """The project of a program in Python, which names the `{python}` that runs, and of its Go files."""
    return kept({**files, "app.py": program.format(python=running_python())})


def running_python() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def built(project: GoProject, folder: Path) -> Build:
    """The project, built; nothing has been written into it."""
    before = sources(project)
    made = build(load(project.root / "app.py"), Target(local=True, state=folder / "state"), Silent())
    assert sources(project) == before
    return made


def sources(project: GoProject) -> dict[str, tuple[int, str]]:
    return {name: state for name, state in project.state().items() if "__pycache__" not in name}


def on_the_host(project: GoProject, folder: Path, scenario: Scenario) -> None:
    """Build a project, and have its functions by their names."""
    made = built(project, folder)

    async def hosted_scenario() -> None:
        async with hosting(folder / "host") as hosted:
            functions = {}
            for resource in made.synthesis.resources.values():
                if resource["Type"] == "AWS::Lambda::Function":
                    config: Any = resource["Properties"]
                    name = config["FunctionName"]["Fn::Sub"].rpartition("-")[2]
                    archive = made.archives[config["Code"]["S3Key"]["Ref"]]
                    with zipfile.ZipFile(archive.path) as opened:
                        files = {member: opened.read(member) for member in opened.namelist()}
                    kept_settings = {key: config[key] for key in ("Runtime", "Handler", "Environment") if key in config}
                    functions[name] = hosted.function(files, FunctionName=name, **kept_settings)
            await scenario(hosted, functions)

    run(hosted_scenario)
