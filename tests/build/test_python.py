"""Whole builds: the same bytes everywhere, byte code that is used, caches that hold."""

from __future__ import annotations

import importlib.util
import marshal
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from lakon.build.tool import Platform
from lakon.exceptions import BuildError

from .conftest import names

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project

BUILD = """
import json, os, sys
from pathlib import Path
from lakon.build.python import PythonSource, build_python
from lakon.build.tool import Platform
from lakon.report import Silent
root, output, cache, umask = sys.argv[1:]
os.umask(int(umask, 8))
platform = Platform(f"{sys.version_info[0]}.{sys.version_info[1]}", "x86_64")
build = build_python(PythonSource(Path(root), platform), Path(output), Silent(), cache=Path(cache))
print(build.code.digest)
"""


def test_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    files = {
        "app.py": "def handler(event, context):\n    return event in {'a', 'b', 'c', 1.5, None}\n",
        "pkg/__init__.py": "",
        "pkg/z.py": "A = frozenset({'x', 'y', 'z'})\n",
        "data/é.txt": "é",
    }
    digests = set()
    for index, (seed, umask, order) in enumerate([("1", "022", 1), ("2", "077", -1), ("random", "000", 1)]):
        folder = tmp_path / str(index)
        for name, text in list(files.items())[::order]:
            path = folder / f"project{index}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod((0o600, 0o644, 0o666)[index])
        arguments = [str(folder / f"project{index}"), str(folder / "output"), str(folder / "cache"), umask]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": ("C", "C.UTF-8", "POSIX")[index]}
        built = subprocess.run(
            [sys.executable, "-c", BUILD, *arguments], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(built.stdout)
    assert len(digests) == 1


def test_byte_code_is_there_and_used(project: Project, tmp_path: Path) -> None:
    project.write("helper.py", "VALUE = 7\n")
    project.write("app.py", "import helper\nprint(helper.VALUE)\n")
    unpacked = tmp_path / "task"
    ZipFile(project.build().code.path).extractall(unpacked)
    (unpacked / "helper.py").write_text("raise SystemExit('the source was compiled')\n")
    script = f"import sys; sys.path.insert(0, {str(unpacked)!r}); import app"
    run = subprocess.run([sys.executable, "-I", "-S", "-v", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "7\n"
    tag = sys.implementation.cache_tag
    for module in ("app", "helper"):
        assert f"code object from '{unpacked}/__pycache__/{module}.{tag}.pyc'" in run.stderr


@pytest.mark.parametrize(
    ("layer", "place"), [(False, "/var/task/lakon/exceptions.py"), (True, "/opt/python/lakon/exceptions.py")]
)
def test_byte_code_tells_where_lambda_unpacks_it(project: Project, layer: bool, place: str) -> None:
    build = project.build(layer=layer)
    archive, folder = (build.layer, "python/lakon") if layer else (build.code, "lakon")
    assert archive is not None
    compiled = ZipFile(archive.path).read(f"{folder}/__pycache__/exceptions.{sys.implementation.cache_tag}.pyc")
    source = ZipFile(archive.path).read(f"{folder}/exceptions.py")
    assert compiled[:4] == importlib.util.MAGIC_NUMBER
    assert compiled[4:8] == b"\1\0\0\0"
    assert compiled[8:16] == importlib.util.source_hash(source)
    assert marshal.loads(compiled[16:]).co_filename == place


def test_lakon_ships_and_only_its_shipping_part(project: Project) -> None:
    carried = {name for name in names(project.build().code) if name.endswith(".py")}
    assert {
        "lakon/__init__.py",
        "lakon/exceptions.py",
        "lakon/model/__init__.py",
        "lakon/runtime/__init__.py",
    } <= carried
    assert not {name for name in carried if name.startswith(("lakon/build", "lakon/cli", "lakon/local"))}


def test_dependencies_come_without_what_lambda_never_reads(project: Project) -> None:
    project.write("requirements.txt", "idna==3.10\n")
    carried = names(project.build().code)
    assert "idna/core.py" in carried
    assert "idna-3.10.dist-info/METADATA" in carried
    assert not [name for name in carried if name.endswith(("RECORD", ".pyi", "INSTALLER")) or name.startswith("bin/")]
    tag = sys.implementation.cache_tag
    assert f"idna/__pycache__/core.{tag}.pyc" in carried


def test_patterns_reach_dependencies(project: Project) -> None:
    project.write("requirements.txt", "idna==3.10\n")
    carried = names(project.build(include=("idna-*/RECORD",), exclude=("idna/uts46data.py",)).code)
    assert "idna-3.10.dist-info/RECORD" in carried
    assert "idna/uts46data.py" not in carried


def test_layer_holds_dependencies_apart(project: Project) -> None:
    project.write("requirements.txt", "six==1.17.0\n")
    first = project.build(layer=True)
    assert [name for name in names(first.code) if name.endswith(".py")] == ["app.py"]
    assert "python/six.py" in names(first.layer)
    assert "python/lakon/__init__.py" in names(first.layer)
    project.write("app.py", "VALUE = 2\n")
    second = project.build(layer=True)
    assert second.layer == first.layer
    assert second.code != first.code


def test_a_project_of_lakon_alone_needs_no_uv(project: Project) -> None:
    project.write("requirements.txt", "# nothing else\nlakon\n")
    project.build()
    assert project.reporter.steps == ["compressing dependencies"]


def test_an_edit_never_resolves_again(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project.write("requirements.txt", "six==1.17.0\n")
    first = project.build()
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    project.write("app.py", "VALUE = 2\n")
    project.reporter.steps.clear()
    second = project.build()
    assert project.reporter.steps == []
    assert second.code.digest != first.code.digest
    project.write("requirements.txt", "six==1.16.0\n")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError):
        project.build()


def test_unchanged_is_found_again_and_old_bytes_come_back(project: Project) -> None:
    first = project.build()
    stamp = first.code.path.stat().st_mtime_ns
    assert project.build() == first
    assert first.code.path.stat().st_mtime_ns == stamp
    first.code.path.unlink()
    assert project.build() == first
    assert first.code.path.exists()
    shutil.rmtree(project.cache)
    assert project.build() == first


def test_a_damaged_cache_mends_itself(project: Project) -> None:
    first = project.build()
    for kept in ("bundles/*/body", "pieces/*/*"):
        for path in (project.cache / "build").glob(kept):
            path.write_bytes(path.read_bytes()[:10])
    first.code.path.unlink()
    assert project.build() == first


def test_two_builds_at_once(project: Project, tmp_path: Path) -> None:
    arguments = [str(project.root), str(project.output), str(project.cache), "022"]
    both = [
        subprocess.Popen([sys.executable, "-c", BUILD, *arguments], stdout=subprocess.PIPE, text=True) for _ in "12"
    ]
    answers = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(set(answers)) == 1
    assert [path.name for path in project.output.iterdir()] == [f"{answers[0]}.zip"]


def test_a_syntax_error_tells_the_line(project: Project) -> None:
    path = project.write("pkg/broken.py", "x = 1\ndef f(:\n    pass\n")
    with pytest.raises(BuildError) as refused:
        project.build()
    assert refused.value.where == f"{path}:2"
    assert refused.value.detail == "    def f(:\n          ^"
    assert "def f(:" not in str(refused.value.hint)
    assert list(project.output.iterdir()) == []


def test_a_file_of_the_same_name_as_a_dependency(project: Project) -> None:
    project.write("requirements.txt", "six==1.17.0\n")
    project.write("six.py")
    with pytest.raises(BuildError, match=r"both bring six\.py"):
        project.build()


def test_no_interpreter_is_said(project: Project) -> None:
    code = project.build(python="3.99").code
    assert "no Python 3.99 on this machine" in project.reporter.notes[0]
    assert not [name for name in names(code) if name.endswith(".pyc")]


@pytest.mark.parametrize(("python", "architecture"), [("3", "x86_64"), ("3.x", "arm64"), ("3.13", "aarch64")])
def test_a_platform_that_lambda_has_not(python: str, architecture: str) -> None:
    with pytest.raises(BuildError, match="Lambda has no Python"):
        Platform(python, architecture)


def test_too_big(project: Project) -> None:
    with (project.root / "model.bin").open("wb") as big:
        big.truncate(251 * 2**20)
    with pytest.raises(BuildError, match=r"unpacks to 251\.\d MB") as refused:
        project.build()
    assert "model.bin" in str(refused.value.detail)
    assert "model.bin" not in str(refused.value.hint)
    assert not project.output.exists()


def test_a_full_disk_leaves_no_half_file(project: Project) -> None:
    resource = pytest.importorskip("resource")
    import random

    project.build()
    before = sorted(project.output.iterdir())
    project.write("noise.bin", random.Random(1).randbytes(3_000_000))
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, {resource.RLIM_INFINITY}))\n"
    run = subprocess.run(
        [sys.executable, "-c", limited + BUILD, str(project.root), str(project.output), str(project.cache), "022"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "the disk is full" in run.stderr
    assert sorted(project.output.iterdir()) == before
    assert not list(project.cache.rglob("*.part"))


def test_ctrl_c_while_dependencies_are_fetched(project: Project) -> None:
    project.write("requirements.txt", "six==1.17.0\n")
    arguments = [str(project.root), str(project.output), str(project.cache), "022"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {**os.environ, "UV_NO_CACHE": "1"}
        environment["UV_DEFAULT_INDEX"] = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        with subprocess.Popen(
            [sys.executable, "-c", BUILD, *arguments], env=environment, stderr=subprocess.PIPE, text=True
        ) as build:
            silent.settimeout(30)
            silent.accept()[0].close()
            build.send_signal(signal.SIGINT)
            _, told = build.communicate()
    assert "KeyboardInterrupt" in told
    assert list((project.cache / "build/bundles").iterdir()) == []
    assert not project.output.exists()


def test_an_output_folder_that_cannot_be(project: Project) -> None:
    project.output.write_text("a file stands here")
    with pytest.raises(BuildError, match="could not write the archive"):
        project.build()


def test_interpreters_are_looked_for_once(project: Project) -> None:
    project.build(python="3.99")
    note = project.cache / "build/interpreters/3.99.txt"
    stamp = note.stat().st_mtime_ns
    project.write("app.py", "VALUE = 2\n")
    project.build(python="3.99")
    assert note.stat().st_mtime_ns == stamp
    assert note.read_text().split("\n")[1:] == ["", ""]
