"""The folder that can be deployed without Lakon."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from lakon.build.archive import Archive, member, write_archive
from lakon.build.output import write_output
from lakon.build.tidy import tidy
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def archive(folder: Path, text: bytes) -> Archive:
    return write_archive(folder, None, lambda: [member("app.py", text)], folders={}, beside={})


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


DOCUMENTS = {"template.json", "parameters.json", "manifest.json"}


def test_everything_that_a_deployment_needs(tmp_path: Path) -> None:
    code = archive(tmp_path / "elsewhere", b"1")
    write_output(tmp_path / "out", "{}\n", {"CodeKey": code}, {"service": "shop", "stage": "dev"}, {"Bucket": "mine"})
    assert names(tmp_path / "out") == DOCUMENTS | {code.path.name}
    parameters = json.loads((tmp_path / "out/parameters.json").read_text())
    assert parameters == ["Bucket=mine", f"CodeKey={code.path.name}"]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    told = {"file": code.path.name, "sha256": code.digest, "size": code.size, "unpacked": 1}
    assert manifest == {"service": "shop", "stage": "dev", "archives": {"CodeKey": told}}


def test_older_archives_go_and_others_stay(tmp_path: Path) -> None:
    first, second, foreign = archive(tmp_path, b"1"), archive(tmp_path, b"2"), archive(tmp_path, b"3")
    (tmp_path / "notes.zip").touch()
    write_output(tmp_path, "{}", {"CodeKey": first}, {}, {})
    write_output(tmp_path, "{}", {"CodeKey": second}, {}, {})
    assert names(tmp_path) == DOCUMENTS | {second.path.name, foreign.path.name, "notes.zip"}
    os.utime(foreign.path, (0, 0))
    write_output(tmp_path, "{}", {"CodeKey": second}, {}, {})
    assert names(tmp_path) == DOCUMENTS | {second.path.name, "notes.zip"}


@pytest.mark.parametrize("manifest", ["", "[]", '{"archives": 1}', '{"archives": {"a": null}}'])
def test_a_manifest_of_someone_else(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    write_output(tmp_path, "{}", {}, {}, {})
    assert json.loads((tmp_path / "manifest.json").read_text()) == {"archives": {}}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError, match="could not write the output folder"):
        write_output(tmp_path / "file", "{}", {}, {}, {})


def test_the_cache_stays_within_its_bounds(tmp_path: Path) -> None:
    for index in range(4):
        entry = tmp_path / f"bundles/{index}"
        entry.mkdir(parents=True)
        (entry / "body").write_bytes(b"x" * 1000)
        os.utime(entry, (index, index))
    young = tmp_path / "bundles/young"
    young.mkdir()
    (young / "body").write_bytes(b"x" * 5000)
    tidy(tmp_path, bundles_limit=6500)
    assert names(tmp_path / "bundles") == {"3", "young"}
    tidy(tmp_path, bundles_limit=0)
    assert names(tmp_path / "bundles") == {"3", "young"}
