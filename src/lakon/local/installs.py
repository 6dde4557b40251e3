"""Virtual environments that Lakon makes for its own tools, in its cache, with uv."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lakon import interpreters
from lakon.exceptions import LocalError
from lakon.settings import cache_folder

EMULATOR = "ministack==1.5.33"
RUNTIME_CLIENT = "awslambdaric==4.2.2"
HOST_PYTHON = interpreters.RUNNING

_SHIM = Path(__file__).with_name("runtime_client.py")
_NO_NETWORK = (
    "The package registry could not be reached or does not have it. Check the network (or UV_INDEX_URL, UV_OFFLINE) "
    "and run the command again; what was installed before stays usable."
)


def emulator_folder() -> Path:
    """Where the emulator's virtual environment is, or will be."""
    return cache_folder() / "emulator" / f"{EMULATOR.replace('==', '-')}-python{HOST_PYTHON}"


def ensure_emulator() -> Path:
    """The Python of the emulator's virtual environment, installed if it is not. LocalError when that fails."""
    return ensure_environment(emulator_folder(), base_python(), [EMULATOR])


def emulator_installed() -> bool:
    """Whether `ensure_emulator` has nothing to do."""
    return (emulator_folder() / "bin" / "python").exists()


def python_runtime_installed(version: str = HOST_PYTHON) -> bool:
    """Whether `ensure_python_runtime` has nothing to do."""
    return (runtime_folder(version, native=_has_wheel()) / "bin" / "python").exists()


def runtime_folder(version: str, *, native: bool) -> Path:
    """Where the runtime of `python<version>` is, or will be."""
    kind = "" if native else "-pure"
    return cache_folder() / "runtime" / f"{RUNTIME_CLIENT.replace('==', '-')}{kind}-python{version}"


def ensure_python_runtime(python: Path, version: str, *, native: bool | None = None) -> Path:
    """The Python that runs functions: AWS's runtime client and boto3, as in Lambda's managed runtime.

    `python` is an interpreter of `version` ("3.12"). The client's native part has wheels for Linux only; elsewhere
    (`native` False) a pure-Python one takes its place. LocalError when the installation fails.
    """
    if native is None:
        native = _has_wheel()
    folder = runtime_folder(version, native=native)
    if native:
        return ensure_environment(folder, python, [RUNTIME_CLIENT, "boto3"], "--only-binary", ":all:")
    elsewhere = ["--only-binary", ":all:", "--python-platform", f"{_machine()}-manylinux2014"]
    return ensure_environment(folder, python, [RUNTIME_CLIENT, "boto3"], *elsewhere, shim=True)


def base_python() -> Path:
    """The interpreter of this process itself, not that of the virtual environment it may run in."""
    own = interpreters.find(interpreters.RUNNING)
    return Path(own.program if own else sys.executable)


def ensure_environment(folder: Path, python: Path, requirements: list[str], *options: str, shim: bool = False) -> Path:
    """The Python of the virtual environment `folder`, made with what is required if it is not there or broken.

    It appears whole or not at all, however many processes make it at once. `options` go to uv; with `shim` our own
    runtime client takes the place of the native one. LocalError, with the command that failed, when it cannot be made.
    """
    interpreter = folder / "bin" / "python"
    if interpreter.exists():
        return interpreter
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)  # an interpreter that was uninstalled leaves a dangling link
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        _run(
            [_uv(), "venv", "--quiet", "--no-project", "--relocatable", "--python", str(python), str(building / "venv")]
        )
        made = building / "venv" / "bin" / "python"
        _run(
            [
                _uv(),
                "pip",
                "install",
                "--quiet",
                "--no-config",
                "--python",
                str(made),
                *options,
                *requirements,
            ]
        )
        if shim:
            [packages] = (building / "venv" / "lib").glob("python*/site-packages")
            for native in packages.glob("runtime_client.*.so"):
                native.unlink()
            shutil.copyfile(_SHIM, packages / _SHIM.name)
        try:
            (building / "venv").rename(folder)
        except OSError:
            if not interpreter.exists():  # else another process was faster, and did the same
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return interpreter


def _run(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise LocalError(
            f"could not install {command[-1]}", where=" ".join(command), hint=_NO_NETWORK, detail=done.stderr.strip()
        )


def _has_wheel() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def _machine() -> str:
    return "aarch64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def _uv() -> str:
    from uv import find_uv_bin

    return find_uv_bin()
