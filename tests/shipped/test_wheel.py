"""The wheel holds exactly what it should: `LAKON_GOLDEN=write` writes the list anew."""

# mypy: allow-untyped-defs, allow-untyped-calls

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LISTED = Path(__file__).parent / "wheel.txt"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("lakon-*.whl")
    return built


def test_the_wheel_holds_exactly_this(wheel):
    names = sorted(name.replace(wheel.name.split("-")[1], "VERSION") for name in zipfile.ZipFile(wheel).namelist())
    if os.environ.get("LAKON_GOLDEN") == "write":
        LISTED.write_text("\n".join(names) + "\n")
    assert names == LISTED.read_text().split()


def test_the_wheel_works_without_the_source(wheel, tmp_path):
    code = "import lakon, sys; service = lakon.Service('x'); print(lakon.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(wheel)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert str(wheel) in done.stdout
