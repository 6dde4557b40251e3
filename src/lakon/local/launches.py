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
from lakon.local.filesystem import Folders
from lakon.local.node_runtime import ensure_node_client, find_node, node_version

if TYPE_CHECKING:
    from lakon.local.archives import Archives
    from lakon.local.functions import Function
    from lakon.local.log_writer import StreamName
    from lakon.local.processes import ProcessGuard

_NOT_FOR_EXTENSIONS = ("AWS_XRAY_CONTEXT_MISSING", "PYTHONPATH")
_HOME = "/home/sbx_user1051"  # as on Lambda, where it cannot be written either
_WITHOUT_SANDBOX = "/var/task, /opt and /tmp are not as on Lambda: this machine gives functions no mount namespace"
_HIDDEN_ALLOWED = ("_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT")


class InvalidEntrypointError(LocalError):
    """There is no program to start; Lambda answers with `Runtime.InvalidEntrypoint`."""


class Launcher:
    """Prepares launches. `endpoint_url` is where functions find AWS. Slow work happens in threads."""

    def __init__(self, archives: Archives, endpoint_url: str, guard: ProcessGuard) -> None:
        self._archives = archives
        self._guard = guard
        self._endpoint_url = endpoint_url
        self._pythons: dict[str, tuple[Path, str | None]] = {}
        self._node_found: tuple[str, str, Path] | None = None
        self._installing = asyncio.Lock()

    async def prepare(
        self, function: Function, stream: StreamName, *, provisioned: bool = False
    ) -> tuple[Launch, list[str]]:
        """A launch for one environment, and notices for the user when it cannot be just as on Lambda.

        InvalidEntrypointError when the archive holds no program; LocalError when the runtime cannot be had.
        """
        unpacked = self._archives.unpacked(function)
        if unpacked is None:  # else no thread needs to be waited for
            unpacked = await asyncio.to_thread(self._archives.unpack, function)
        refusal = await self._guard.refusal()
        folders = Folders(*unpacked, self._archives.scratch(), sandboxed=refusal is None)
        argv, notice = await self._command(function, folders)
        environment = self._environment(function, stream, folders)
        kind = "snap-start" if function.snap_start else "provisioned-concurrency" if provisioned else "on-demand"
        environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = kind
        launch = Launch(
            argv=argv,
            environment=environment,
            folder=folders.task_seen,
            scratch=folders.scratch,
            sandbox=folders.sandbox(function.storage, self._archives.folder, argv[0]),
            framed=not function.runtime.startswith("provided"),
            initialization_type=kind,
            extensions=[folders.seen(program) for program in _extensions(folders.opt)],
            extension_environment={name: value for name, value in environment.items() if _for_extensions(name)},
        )
        told = [notice] if notice else []
        if refusal is not None:
            told.append(f"{_WITHOUT_SANDBOX} ({refusal})")
        return launch, told

    async def _command(self, function: Function, folders: Folders) -> tuple[list[str], str | None]:
        if function.runtime.startswith("provided"):
            return [folders.seen(_bootstrap(folders.task, folders.opt))], None
        wrapper = _wrapper(function, folders)
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

    def _environment(self, function: Function, stream: StreamName, folders: Folders) -> dict[str, str]:
        task, opt = folders.task_seen, folders.opt_seen
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
            "HOME": _HOME,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        }
        if not folders.sandboxed:
            defaults["HOME"] = defaults["TMPDIR"] = str(folders.scratch)
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
            "LAMBDA_TASK_ROOT": task,
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


def _wrapper(function: Function, folders: Folders) -> list[str]:
    """The program that AWS_LAMBDA_EXEC_WRAPPER names, through which managed runtimes are started."""
    named = function.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    for place, folder in (("/var/task/", folders.task_seen), ("/opt/", folders.opt_seen)):
        if named and folder and named.startswith(place):
            return [f"{folder}/{named.removeprefix(place)}"]
    return [named] if named else []


def _bootstrap(task: Path, opt: Path | None) -> Path:
    places = [task / "bootstrap", *([opt / "bootstrap"] if opt else [])]
    for place in places:
        if place.is_file():
            if not os.access(place, os.X_OK):
                raise InvalidEntrypointError(f"fork/exec {place}: permission denied")
            return place
    raise InvalidEntrypointError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
