"""The runtime of Node.js functions: AWS's own runtime client, fetched by npm into Lakon's cache."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from lakon.exceptions import LocalError
from lakon.settings import cache_folder

CLIENT = "aws-lambda-ric"
VERSION = "3.3.0"

_NATIVE_PART = Path(__file__).with_name("node_client.js")
_START = f"""import {{ run }} from "./{CLIENT}/dist/index.mjs";
await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
"""
_NO_NODE = "Install Node.js (with npm) so that node and npm are on the PATH, and run the command again."
_NO_NETWORK = "Check the network, or npm's configuration, and run the command again."


def find_node() -> tuple[str, str]:
    """The program `node` on the PATH and its major version ("22"). LocalError when there is none."""
    program = shutil.which("node")
    if program is None:
        raise LocalError("Node.js is not installed on this machine", hint=_NO_NODE)
    told = _run([program, "--version"], _NO_NODE).strip()
    return program, told.removeprefix("v").partition(".")[0]


def ensure_node_client() -> Path:
    """The module that runs a Node.js function, fetched if it is not there; whole or not at all.

    The client is one file; its native part, which would have to be compiled, is replaced by one of ours. LocalError
    when npm is missing or cannot fetch it.
    """
    folder = cache_folder() / "runtime" / f"{CLIENT}-{VERSION}"
    start = folder / "start.mjs"
    if start.exists():
        return start
    npm = shutil.which("npm")
    if npm is None:
        raise LocalError("npm is not installed on this machine", hint=_NO_NODE)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        _run([npm, "pack", "--silent", "--pack-destination", str(building), f"{CLIENT}@{VERSION}"], _NO_NETWORK)
        [archive] = building.glob("*.tgz")
        made = building / "made"
        _unpack(archive, made / CLIENT)
        (made / start.name).write_text(_START)
        try:
            made.rename(folder)
        except OSError:
            if not start.exists():  # else another process was faster, and did the same
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return start


def _unpack(archive: Path, folder: Path) -> None:
    """The client's one file, and our part where it looks for the native one."""
    native = folder / "dist" / "rapid-client.node"  # a folder is a module as well
    native.mkdir(parents=True)
    with tarfile.open(archive) as opened:
        for name in ("package.json", "dist/index.mjs"):
            source = opened.extractfile(f"package/{name}")
            if source is None:
                raise LocalError(f"{CLIENT} {VERSION} holds no {name}", where=str(archive))
            (folder / name).write_bytes(source.read())
    shutil.copyfile(_NATIVE_PART, native / "index.js")


def node_version(runtime: str) -> str | None:
    """The Node.js version ("22") of a managed runtime ("nodejs22.x"), else None."""
    found = re.fullmatch(r"nodejs(\d+)\.x", runtime)
    return found[1] if found else None


def _run(command: list[str], hint: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise LocalError(
            f"could not run {Path(command[0]).name}", where=" ".join(command), hint=hint, detail=done.stderr.strip()
        )
    return done.stdout
