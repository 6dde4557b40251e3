"""What a project depends on: requirements read, resolved and installed for the target, or told why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from lakon.exceptions import BuildError

from .conftest import names

if TYPE_CHECKING:
    from .conftest import Project


def test_lakon_is_pruned_with_what_only_it_needs(project: Project) -> None:
    project.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["lakon", "six==1.17.0"]\n')
    carried = names(project.build().code)
    assert "six.py" in carried
    assert not [name for name in carried if name.startswith(("boto3/", "click/", "lakon-"))]


def test_a_lock_file_decides(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
        '[dependency-groups]\ndev = ["idna"]\n',
    )
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv
    lock = [uv, "lock", "--quiet", "--upgrade-package", "six==1.16.0"]
    subprocess.run(lock, cwd=project.root, check=True, capture_output=True)
    carried = names(project.build().code)
    assert "six-1.16.0.dist-info/METADATA" in carried
    assert "idna/core.py" not in carried


def test_wheels_for_another_architecture(project: Project) -> None:
    project.write("requirements.txt", "markupsafe==3.0.2\n")
    carried = names(project.build(python="3.13", architecture="arm64").code)
    assert "markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so" in carried
    carried = names(project.build(python="3.11").code)
    assert "markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so" in carried


def test_wheels_for_this_machine(project: Project, tmp_path: Path) -> None:
    project.write("requirements.txt", "markupsafe==3.0.2\n")
    ZipFile(project.build(host=True).code.path).extractall(tmp_path / "task")
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'task')!r}); import markupsafe._speedups"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True, capture_output=True)


def test_no_wheel_for_the_target(project: Project) -> None:
    project.write("requirements.txt", "markupsafe==1.1.1\n")
    with pytest.raises(BuildError) as refused:
        project.build(python="3.13", architecture="arm64")
    error = refused.value
    assert error.what == "markupsafe has no wheel for Python 3.13 on arm64"
    assert error.where == "requirements.txt"
    assert error.hint is not None
    assert "architecture=" not in error.hint  # it has none for the other either
    assert error.detail is not None
    assert "pip install --quiet" in error.detail
    assert "markupsafe" in error.detail
    assert list((project.cache / "build/bundles").iterdir()) == []


def test_a_package_that_does_not_exist(project: Project) -> None:
    project.write("requirements.txt", "lakon-no-such-package-anywhere\n")
    with pytest.raises(BuildError) as refused:
        project.build()
    assert refused.value.where == "requirements.txt"
    assert str(refused.value.detail).count("Because lakon-no-such-package-anywhere was not found") == 1
    assert refused.value.hint is None


def test_a_wheel_for_the_other_architecture_alone(project: Project) -> None:
    (project.root / "wheels").mkdir()
    with ZipFile(project.root / "wheels/own-1-py3-none-manylinux_2_17_x86_64.whl", "w") as made:
        made.writestr("own-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: own\nVersion: 1\n")
    project.write("requirements.txt", "--no-index\n--find-links ./wheels\nown\n")
    with pytest.raises(BuildError, match="own has no wheel") as refused:
        project.build(python="3.13", architecture="arm64")
    assert 'let the function run on architecture="x86_64"' in str(refused.value.hint)


@pytest.mark.parametrize("nested", ["requirements.txt", "more/base.txt"])
def test_requirements_that_hold_themselves(project: Project, nested: str) -> None:
    project.write("requirements.txt", f"-r {nested}\n")
    project.write("more/base.txt", "-r ../requirements.txt\n")
    with pytest.raises(BuildError, match="which holds it"):
        project.build()


def test_requirements_may_share_a_file(project: Project) -> None:
    for name in ("one.txt", "two.txt"):
        project.write(name, "-r base.txt\n")
    project.write("base.txt", "six==1.17.0\n")
    project.write("requirements.txt", "-r one.txt\n-r two.txt\n")
    assert "six.py" in names(project.build().code)


@pytest.mark.parametrize("name", ["requirements.txt", "base.txt"])
def test_requirements_that_are_not_utf_8(project: Project, name: str) -> None:
    project.write("requirements.txt", "-r base.txt\n")
    project.write(name, b"six  # caf\xe9\n")
    with pytest.raises(BuildError, match="cannot be read") as refused:
        project.build()
    assert str(refused.value.where).endswith(name)


def test_dependencies_that_are_no_list(project: Project) -> None:
    project.write("pyproject.toml", "[project]\ndependencies = 5\n")
    with pytest.raises(BuildError, match="its dependencies are 5, and no list"):
        project.build()


def test_a_wheel_of_ones_own(project: Project, tmp_path: Path) -> None:
    def wheel(version: str) -> None:
        with ZipFile(project.root / "wheels/own-1-py3-none-any.whl", "w") as made:
            made.writestr("own.py", f"VERSION = {version!r}\n")
            made.writestr("own-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: own\nVersion: 1\n")
            made.writestr("own-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            made.writestr("own-1.dist-info/RECORD", "own.py,,\nown-1.dist-info/METADATA,,\nown-1.dist-info/WHEEL,,\n")

    (project.root / "wheels").mkdir()
    project.write("requirements.txt", "./wheels/own-1-py3-none-any.whl\n")
    for version in ("a", "b"):
        wheel(version)
        code = project.build(exclude=("wheels",)).code
        assert ZipFile(code.path).read("own.py") == f"VERSION = {version!r}\n".encode()


def test_a_pyproject_that_is_not_toml(project: Project) -> None:
    project.write("pyproject.toml", "[project\n")
    with pytest.raises(BuildError, match="cannot be read"):
        project.build()
