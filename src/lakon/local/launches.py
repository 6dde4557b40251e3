"""How the process of a function is started: command, folder and environment variables, as on Lambda."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lakon import interpreters
from lakon.exceptions import LocalError
from lakon.local import installs
from lakon.local.environment import Launch
from lakon.local.node_runtime import ensure_node_client, find_node, node_version

if TYPE_CHECKING:
    from lakon.local.archives import Archives
    from lakon.local.functions import Function
    from lakon.local.logs import StreamName

_NOT_FOR_EXTENSIONS = ("AWS_XRAY_CONTEXT_MISSING", "PYTHONPATH")
_HIDDEN_ALLOWED = ("_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT")


class InvalidEntrypointError(LocalError):
    """There is no program to start; Lambda answers with `Runtime.InvalidEntrypoint`."""


class Launcher:
    """Prepares launches. `endpoint_url` is where functions find AWS. Slow work happens in threads."""

    def __init__(self, archives: Archives, endpoint_url: str) -> None:
        self._archives = archives
        self._endpoint_url = endpoint_url
        self._pythons: dict[str, tuple[Path, str | None]] = {}
        self._node_found: tuple[str, str, Path] | None = None
        self._installing = asyncio.Lock()

    async def prepare(
        self, function: Function, stream: StreamName, *, provisioned: bool = False
    ) -> tuple[Launch, str | None]:
        """A launch for one environment, and a notice for the user when it cannot be just as on Lambda.

        InvalidEntrypointError when the archive holds no program; LocalError when the runtime cannot be had.
        """
        task = await asyncio.to_thread(self._archives.code, function.code)
        opt = await asyncio.to_thread(self._archives.layers, function.layers) if function.layers else None
        argv, notice = await self._command(function, task, opt)
        scratch = self._archives.scratch()
        environment = self._environment(function, stream, task, opt, scratch)
        kind = "snap-start" if function.snap_start else "provisioned-concurrency" if provisioned else "on-demand"
        environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = kind
        launch = Launch(
            argv=argv,
            environment=environment,
            folder=task,
            scratch=scratch,
            framed=not function.runtime.startswith("provided"),
            initialization_type=kind,
            extensions=_extensions(opt),
            extension_environment={name: value for name, value in environment.items() if _for_extensions(name)},
        )
        return launch, notice

    async def _command(self, function: Function, task: Path, opt: Path | None) -> tuple[list[str], str | None]:
        if function.runtime.startswith("provided"):
            return [str(_bootstrap(task, opt))], None
        wrapper = _wrapper(function, task, opt)
        if function.python:
            python, notice = await self._python(function.python)
            return [*wrapper, str(python), "-m", "awslambdaric", function.handler], notice
        if version := node_version(function.runtime):
            (node, start), notice = await self._node(version)
            return [*wrapper, node, str(start)], notice
        raise InvalidEntrypointError(f"runtime {function.runtime or 'none'} cannot run on this machine")

    async def _python(self, version: str) -> tuple[Path, str | None]:
        async with self._installing:
            if version not in self._pythons:
                self._pythons[version] = await asyncio.to_thread(_python_for, version)
            return self._pythons[version]

    async def _node(self, version: str) -> tuple[tuple[str, Path], str | None]:
        async with self._installing:
            if self._node_found is None:
                node, own = await asyncio.to_thread(find_node)
                self._node_found = node, own, await asyncio.to_thread(ensure_node_client)
        node, own, start = self._node_found
        notice = f"Node.js {version} is not installed on this machine: the function runs under Node.js {own} instead."
        return (node, start), None if version == own else notice

    def _environment(
        self, function: Function, stream: StreamName, task: Path, opt: Path | None, scratch: Path
    ) -> dict[str, str]:
        own = {
            name: value
            for name, value in function.environment.items()
            if not name.startswith("_") or name in _HIDDEN_ALLOWED
        }
        python_path = [f"{opt}/python"] if opt else []
        if opt and function.python:
            python_path.append(f"{opt}/python/lib/python{function.python}/site-packages")
        path = own.get("PYTHONPATH")
        if function.python and (python_path or path):
            own["PYTHONPATH"] = ":".join([*python_path, *([path] if path else [])])
        if node := node_version(function.runtime):
            modules = [f"{opt}/nodejs/node{node}/node_modules", f"{opt}/nodejs/node_modules"] if opt else []
            own.setdefault("NODE_PATH", ":".join([*modules, f"{task}/node_modules"]))
        binaries, libraries = (f":{opt}/bin", f":{opt}/lib") if opt else ("", "")
        defaults = {
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PATH": f"/usr/local/bin:/usr/bin:/bin{binaries}",
            "LD_LIBRARY_PATH": f"{task}:{task}/lib{libraries}",
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        }
        fixed = {
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "test",
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": stream.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream.stream,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_LOG_FORMAT": function.log_format,
            "LAMBDA_TASK_ROOT": str(task),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "_HANDLER": function.handler,
        }
        if function.log_level:
            fixed["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
        return {**defaults, **own, **fixed}


def _python_for(version: str) -> tuple[Path, str | None]:
    found = interpreters.find(version)
    if found:
        return installs.ensure_python_runtime(Path(found.program), version), None
    own = installs.HOST_PYTHON
    notice = f"Python {version} is not installed on this machine: the function runs under Python {own} instead."
    return installs.ensure_python_runtime(installs.base_python(), own), notice


def _extensions(opt: Path | None) -> list[Path]:
    """The programs that layers put into /opt/extensions."""
    folder = opt / "extensions" if opt else None
    return sorted(each for each in folder.iterdir() if each.is_file()) if folder and folder.is_dir() else []


def _for_extensions(name: str) -> bool:
    return not name.startswith("_") and name not in _NOT_FOR_EXTENSIONS


def _wrapper(function: Function, task: Path, opt: Path | None) -> list[str]:
    """The program that AWS_LAMBDA_EXEC_WRAPPER names, through which managed runtimes are started."""
    named = function.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    for place, folder in (("/var/task/", task), ("/opt/", opt)):
        if named and folder and named.startswith(place):
            return [str(folder / named.removeprefix(place))]
    return [named] if named else []


def _bootstrap(task: Path, opt: Path | None) -> Path:
    places = [task / "bootstrap", *([opt / "bootstrap"] if opt else [])]
    for place in places:
        if place.is_file():
            if not os.access(place, os.X_OK):
                raise InvalidEntrypointError(f"fork/exec {place}: permission denied")
            return place
    raise InvalidEntrypointError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
