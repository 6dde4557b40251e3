"""The peers, in pinned versions, each in an environment of its own in Lakon's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.clock import plain_environment
from lakon.settings import cache_folder

CHALICE = ("chalice==1.34.0",)
POWERTOOLS = ("aws-lambda-powertools==3.37.0",)
MANGUM = ("mangum==0.22.0", "starlette==1.10.0")
FASTAPI = ("mangum==0.22.0", "fastapi==0.165.0", "starlette==1.10.0")

GO_LAMBDA = "github.com/aws/aws-lambda-go@v1.55.1"

_GO_ECHO = """package main

import (
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(event json.RawMessage) (json.RawMessage, error) { return event, nil })
}
"""
_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_BASE_PYTHON = Path(sys.base_prefix) / "bin" / f"python{_VERSION}"


class MissingPeer(Exception):  # noqa: N818 - not an error: its comparison is left out
    """A peer cannot be installed: why, in a line."""


def plain_python() -> Path:
    """An interpreter with nothing beside the standard library: no `.pth` file adds to its start."""
    folder = cache_folder() / "bench" / f"plain-python{_VERSION}"
    if not folder.is_dir():
        building = _building(folder)
        subprocess.run([_BASE_PYTHON, "-I", "-m", "venv", "--without-pip", building], check=True)
        building.rename(folder)
    return folder / "bin" / "python"


def environment(requirements: tuple[str, ...]) -> Path:
    """The folder of a virtual environment that holds a peer's command line program. Raises MissingPeer."""
    folder = _home(requirements, "environment")
    if not folder.is_dir():
        building = _building(folder)
        _uv("venv", "--quiet", "--no-project", "--relocatable", "--python", str(_BASE_PYTHON), str(building))
        _install(requirements, "--python", str(building / "bin" / "python"))
        building.rename(folder)
    return folder


def packages(requirements: tuple[str, ...]) -> Path:
    """A folder with a peer and what it needs, byte code included, laid out as in an archive. Raises MissingPeer."""
    folder = _home(requirements, "packages")
    if not folder.is_dir():
        building = _building(folder)
        _install(requirements, "--python", str(_BASE_PYTHON), "--target", str(building))
        building.rename(folder)
    return folder


def go_bootstrap() -> bytes:
    """A program for `provided.al2023` that answers with its event, by AWS's own library. Raises MissingPeer."""
    return (go_module("echo", _GO_ECHO) / "bootstrap").read_bytes()


def go_module(name: str, program: str) -> Path:
    """A folder with a program that needs AWS's own library, and the bootstrap of it. Raises MissingPeer."""
    if shutil.which("go") is None:
        raise MissingPeer("cannot be compiled: go is not installed")
    digest = hashlib.sha256(program.encode()).hexdigest()[:12]
    folder = cache_folder() / "bench" / f"{GO_LAMBDA.replace('/', '-').replace('@', '-')}-{name}-{digest}"
    if not folder.is_dir():
        building = _building(folder)
        building.mkdir()
        (building / "go.mod").write_text("module bootstrap\n\ngo 1.21\n")
        (building / "main.go").write_text(program)
        for command in (["get", GO_LAMBDA], ["build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", "bootstrap"]):
            _go(building, command)
        building.rename(folder)
    return folder


def _go(folder: Path, command: list[str]) -> None:
    caches = {"GOFLAGS": "-modcacherw", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        ["go", *command], cwd=folder, env=os.environ | caches, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingPeer(f"could not be compiled: {done.stderr.strip().splitlines()[-1]}")


def _home(requirements: tuple[str, ...], kind: str) -> Path:
    return cache_folder() / "bench" / f"{'+'.join(requirements).replace('==', '-')}-{kind}-python{_VERSION}"


def _building(folder: Path) -> Path:
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return building


def _install(requirements: tuple[str, ...], *where: str) -> None:
    _uv("pip", "install", "--quiet", "--no-config", "--compile-bytecode", *where, *requirements)


def _uv(*arguments: str) -> None:
    from uv import find_uv_bin

    done = subprocess.run(
        [find_uv_bin(), *arguments], env=plain_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise MissingPeer(f"could not be installed: {said[0].strip()}")
