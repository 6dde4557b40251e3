"""Which files of a project go in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lakon.build.output import write_output
from lakon.build.patterns import Patterns
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project


def test_what_is_left_out_by_default(project: Project) -> None:
    for name in [
        ".env", ".git/config", "venv2/pyvenv.cfg", "venv2/lib/x.py", "__pycache__/app.pyc", "old.pyc",
        "tests/test_app.py", "tests/data.json", "test_app.py", "conftest.py", "node_modules/x/index.js",
        "dist/x.whl", "build/lib/x.py", "x.egg-info/PKG-INFO", "README.md",
        "thumbnail/main.go", "thumbnail/go.mod", "pkg/tests/test_a.py",
    ]:  # fmt: skip
        project.write(name)
    for name in ["pkg/__init__.py", "pkg/build/steps.py", "data/cities.csv", "docs/page.md"]:
        project.write(name)
    kept = ["app.py", "data/cities.csv", "docs/page.md", "pkg/__init__.py", "pkg/build/steps.py"]
    assert project.own_names() == kept


def test_include_brings_back_and_exclude_wins(project: Project) -> None:
    for name in ["tests/data/a.json", "tests/data/b.json", "tests/test_app.py", "notes/secret.txt"]:
        project.write(name)
    names = project.own_names(include=("tests/data/*.json",), exclude=("**/b.json", "notes"))
    assert names == ["app.py", "tests/data/a.json"]


@pytest.mark.parametrize("option", ["include", "exclude"])
def test_a_pattern_that_matches_nothing(project: Project, option: str) -> None:
    with pytest.raises(BuildError, match=r"'data/\*\.cvs' matches nothing"):
        project.own_names(**{option: ("data/*.cvs",)})


@pytest.mark.parametrize("pattern", ["", "/etc/*", "../other/*", "a/../../b", "a\\b"])
def test_a_pattern_that_leaves_the_project(project: Project, pattern: str) -> None:
    with pytest.raises(BuildError, match="does not stay inside"):
        project.own_names(include=(pattern,))


def test_src_layout(project: Project) -> None:
    project.write("src/shop/__init__.py")
    project.write("src/shop/cart.py", "X = 1\n")
    assert project.own_names() == ["app.py", "shop/__init__.py", "shop/cart.py"]


def test_src_as_a_package_stays(project: Project) -> None:
    project.write("src/__init__.py")
    assert project.own_names() == ["app.py", "src/__init__.py"]


def test_src_and_top_bring_the_same_file(project: Project) -> None:
    project.write("src/app.py")
    with pytest.raises(BuildError, match=r"two files would both be app\.py"):
        project.build()


def test_links_are_followed_and_loops_end(project: Project, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/common.py").write_text("X = 1\n")
    (project.root / "shared").symlink_to(tmp_path / "shared")
    (project.root / "again").symlink_to(project.root)
    assert project.own_names() == ["app.py", "shared/common.py"]


def test_a_broken_link(project: Project) -> None:
    (project.root / "gone.txt").symlink_to("nowhere")
    with pytest.raises(BuildError, match="leads nowhere"):
        project.build()
    assert project.own_names(exclude=("gone.txt",)) == ["app.py"]


def test_a_name_that_is_not_text(project: Project) -> None:
    (project.root / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(BuildError, match="not printable UTF-8"):
        project.build()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(project: Project) -> None:
    project.write("data.bin", b"x").chmod(0)
    with pytest.raises(BuildError) as refused:
        project.build()
    assert "data.bin" in str(refused.value)


def test_output_inside_the_project_is_not_packed(project: Project) -> None:
    project.output = project.root / "out"
    project.build()
    assert project.own_names() == ["app.py"]


def test_the_output_of_earlier_builds_is_not_packed(project: Project) -> None:
    for folder in ("out", "infra/out"):
        for stage in ("one", "two"):
            facts = {"service": "shop", "stage": stage}
            write_output(project.root / folder, "{}", {"PythonArchive": project.build().code}, facts, {})
    assert project.own_names() == ["app.py"]
    assert project.own_names(include=("out/template.json",)) == ["app.py", "out/template.json"]


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"service": "of another tool"}', "[" * 100_000])
def test_a_manifest_of_another_kind_is_packed(project: Project, manifest: str) -> None:
    project.write("site/manifest.json", manifest)
    assert project.own_names() == ["app.py", "site/manifest.json"]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.csv", ["a.csv"], ["d/a.csv", "a.csv2"]),
        ("**/*.csv", ["a.csv", "d/e/a.csv"], ["a.txt"]),
        ("data", ["data", "data/a", "data/b/c"], ["database"]),
        ("data/", ["data/a"], ["data2/a"]),
        ("data/**", ["data/a", "data/b/c"], ["data2"]),
        ("a[0-9].t?t", ["a1.txt", "a1.tat"], ["ab.txt", "a1.t/t"]),
        ("a[!0-9]", ["ab"], ["a1"]),
        ("a[b", ["a[b"], ["ab"]),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    patterns = Patterns([pattern])
    assert [name for name in yes + no if patterns.match(name)] == yes
