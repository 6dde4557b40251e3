"""Which files of a folder are a site, and what browsers are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lakon
from lakon.build.sites import files_of
from lakon.exceptions import ProgramError
from lakon.pages import A_YEAR, AN_HOUR, ANEW, cache_control, content_type

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.model.sites import Site


def site_of(folder: Path, **files: str) -> Site:
    for name, text in files.items():
        file = folder / "public" / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return lakon.Service("web").site("./public")


def test_files_have_keys_types_and_headers(tmp_path: Path) -> None:
    site = site_of(tmp_path, index_dot_html="<h1>", docs__a_dot_css="a{}")
    found = files_of(site, tmp_path / "public", str(tmp_path))
    assert {key: (file.read(), file.content_type, file.cache_control) for key, file in found.items()} == {
        "index.html": (b"<h1>", "text/html; charset=utf-8", ANEW),
        "docs/a.css": (b"a{}", "text/css; charset=utf-8", AN_HOUR),
    }


def test_a_fingerprint_tells_content_and_headers(tmp_path: Path) -> None:
    site = site_of(tmp_path, a_dot_css="a{}", b_dot_css="a{}")
    found = files_of(site, tmp_path / "public", str(tmp_path))
    assert found["a.css"].fingerprint() == found["b.css"].fingerprint()
    site.cache = {"b.*": "no-store"}
    assert found["a.css"].fingerprint() != files_of(site, tmp_path / "public", str(tmp_path))["b.css"].fingerprint()


def test_hidden_and_excluded_files_stay_at_home(tmp_path: Path) -> None:
    site = site_of(
        tmp_path, a_dot_html="", _dot_git__config="", _dot_well_dot_known="", src__x_dot_map="", y_dot_map=""
    )
    (tmp_path / "public" / ".well-known").mkdir()
    (tmp_path / "public" / ".well-known" / "security.txt").write_text("x")
    site.exclude = ("*.map",)
    assert set(files_of(site, tmp_path / "public", str(tmp_path))) == {"a.html", ".well-known/security.txt"}


def test_a_website_bucket_has_pages_under_their_clean_names(tmp_path: Path) -> None:
    site = site_of(tmp_path, about_dot_html="<h1>")
    site.cdn = False
    found = files_of(site, tmp_path / "public", str(tmp_path))
    assert set(found) == {"about.html", "about"}
    assert found["about"].content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("index.html", ANEW),
        ("docs/a.htm", ANEW),
        ("manifest.json", ANEW),
        ("sw.js", ANEW),
        ("app.js", AN_HOUR),
        ("app-0a1b2c3d.js", A_YEAR),
        ("app.d41d8cd98f00b204.css", A_YEAR),
        ("assets/index-BHCq8vZs.js", A_YEAR),
        ("my-settings.js", AN_HOUR),
        ("photo-20240101.png", AN_HOUR),
        ("slides-version2.js", AN_HOUR),
        ("0a1b2c3d.js", AN_HOUR),
    ],
)
def test_how_long_files_are_kept(name: str, header: str) -> None:
    assert cache_control(name, {}) == header
    assert cache_control(name, {"x": "y", "*": "no-store"}) == "no-store"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a.WEBP", "image/webp"),
        ("a.wasm", "application/wasm"),
        ("a.webmanifest", "application/manifest+json"),
        ("a", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_what_files_are_taken_for(name: str, kind: str) -> None:
    assert content_type(name) == kind


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    site = lakon.Service("web").site("./public")
    with pytest.raises(ProgramError, match=r"has no folder \./public"):
        files_of(site, tmp_path / "public", str(tmp_path))


def test_a_folder_without_files(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    with pytest.raises(ProgramError, match="is empty"):
        files_of(lakon.Service("web").site("./public"), tmp_path / "public", str(tmp_path))


def test_a_manifest_of_the_users_own(tmp_path: Path) -> None:
    site = site_of(tmp_path, manifest_dot_json="{}")
    with pytest.raises(ProgramError, match=r"has a file manifest\.json, which Lakon makes"):
        files_of(site, tmp_path / "public", str(tmp_path))
