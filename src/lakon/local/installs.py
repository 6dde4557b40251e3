"""Virtual environments that Lakon makes for its own tools, in its cache, with uv."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lakon import interpreters
from lakon.exceptions import LocalError
from lakon.settings import cache_folder, storage_hint

EMULATOR = "ministack==1.5.33"
LOOP = "uvloop>=0.22"
"""Carries the invocations that come through the emulator, as it does the supervisor's."""
SIGNING = "cryptography>=46"
"""With it the emulator signs the tokens of user pools, and what KMS is asked to sign."""
RUNTIME_CLIENT = "awslambdaric==4.2.2"
HOST_PYTHON = interpreters.RUNNING

_SHIM = Path(__file__).with_name("runtime_client.py")
_OF_NETWORK = re.compile(r"fetch|request|connect|network|registry|timed out", re.IGNORECASE)
_NO_NETWORK = (
    "The package registry could not be reached or does not have it. Check the network (or UV_INDEX_URL, UV_OFFLINE) "
    "and run the command again; what was installed before stays usable."
)


def emulator_folder() -> Path:
    """Where the emulator's virtual environment is, or will be."""
    return cache_folder() / "emulator" / f"{EMULATOR.replace('==', '-')}-signing-uvloop-python{HOST_PYTHON}"


def ensure_emulator() -> Path:
    """The Python of the emulator's virtual environment, installed if it is not. LocalError when that fails."""
    return ensure_environment(emulator_folder(), base_python(), [EMULATOR, SIGNING, LOOP])


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
    named = " and ".join(requirements)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # an interpreter that was uninstalled leaves a dangling link
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
        try:
            made = building / "venv"
            _run(["venv", "--no-project", "--relocatable", "--python", str(python), str(made)], named)
            install = ["pip", "install", "--no-config", "--python", str(made / "bin" / "python")]
            _run([*install, *options, *requirements], named)
            if shim:
                _put_shim(made)
            _put(made, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        where, hint = str(error.filename or folder), storage_hint(error.errno)
        raise LocalError(f"could not install {named}: {error.strerror}", where=where, hint=hint) from error
    return interpreter


def _put_shim(environment: Path) -> None:
    [packages] = (environment / "lib").glob("python*/site-packages")
    for native in packages.glob("runtime_client.*.so"):
        native.unlink()
    shutil.copyfile(_SHIM, packages / _SHIM.name)


def _put(made: Path, folder: Path) -> None:
    """Give what was made its final name, unless another process was faster, and did the same."""
    try:
        made.rename(folder)
    except OSError:
        if not (folder / "bin" / "python").exists():
            raise


def _run(arguments: list[str], named: str) -> None:
    command = [_uv(), "--quiet", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        said = done.stderr.strip()
        raise LocalError(f"could not install {named}", where=" ".join(command), hint=hint_for(said), detail=said)


def hint_for(words: str) -> str | None:
    """What to do after uv said that: about the disk, or about the network; None when it is neither."""
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        if os.strerror(number) in words:
            return storage_hint(number)
    return _NO_NETWORK if _OF_NETWORK.search(words) else None


def _has_wheel() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def _machine() -> str:
    return "aarch64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def _uv() -> str:
    from uv import find_uv_bin

    return find_uv_bin()
