"""What a build adds to the user's code without writing it: files that only Go sees (`-overlay`).

Lakon's own module goes into a folder of the user's module that is not there, so that the paths which Go writes into the
program are the same on every machine. Where dependencies are vendored and it is not among them, they come from Go's
cache of modules instead.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lakon.build.golang.identity import carried
from lakon.build.golang.listing import AWS_MODULE, OUR_MODULE
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lakon.build.golang.listing import Listing, Local
    from lakon.build.golang.module import Module
    from lakon.build.golang.sources import GoSource

_HIDDEN = ".lakon-go"
_REQUIRED = re.compile(rf"^\s*(?:require\s+)?{re.escape(OUR_MODULE)}\s+(v\S+)", re.MULTILINE)
_REPLACED = re.compile(rf"^\s*(?:replace\s+)?{re.escape(OUR_MODULE)}(?:\s+v\S+)?\s+=>", re.MULTILINE)
_MAIN = re.compile(r"^func\s+main\s*\(\s*\)", re.MULTILINE)
_HANDLE = re.compile(r"^func\s+Handle\s*\(", re.MULTILINE)
_AWS_SHAPE = re.compile(r"f\s+func\(envValue string, handler Handler\) error")
VERSION = "v0.1.0"
START = (
    "Write: func main() { lambda.Start(handler) }, with lambda of github.com/aws/aws-lambda-go or of Lakon's module."
)


def other_version(module: Module) -> str | None:
    """A version of Lakon's own module that go.mod asks for, and that is not the one which is there."""
    required = _REQUIRED.search(module.text)
    if required is None or required[1] == VERSION or _REPLACED.search(module.text):
        return None
    return required[1]


class Overlay:
    """Files that Go sees, by the path at which it sees each; those that are made lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, str] = {}
        self._more: list[str] = []

    def flags(self) -> list[str]:
        """The flags of `go` that put it in force."""
        file = self._folder / "overlay.json"
        file.write_text(json.dumps({"Replace": self._seen}), "utf-8")
        return [f"-overlay={file}", *self._more] if self._seen else []

    def show(self, path: Path, text: str) -> None:
        """Have Go see a file of this text at `path`."""
        file = self._folder / f"{len(self._seen)}-{path.name}"
        file.write_text(text, "utf-8")
        self._seen[str(path)] = str(file)

    def add_module(self, module: Module, packages: Iterable[Path]) -> None:
        """Make Lakon's own module known to the user's where its `packages` need it, and it is not replaced already."""
        required = _REQUIRED.search(module.text)
        if _REPLACED.search(module.text) or not (required or any(map(_needs_module, packages))):
            return
        text = module.text.rstrip("\n") + "\n"
        if not required:
            text += f"\nrequire {OUR_MODULE} {VERSION}\n"
        if module.vendored:
            if (module.vendor / OUR_MODULE).is_dir():
                return
            self._more.append("-mod=readonly")  # Go reads no list of vendored modules but that on disk
        for file in sorted(carried().rglob("*.go")):
            if not file.name.endswith("_test.go"):
                self._seen[str(module.root / _HIDDEN / file.relative_to(carried()))] = str(file)
        self._seen[str(module.root / _HIDDEN / "go.mod")] = str(carried() / "go.mod")
        self.show(module.root / "go.mod", f"{text}\nreplace {OUR_MODULE} => ./{_HIDDEN}\n")

    def add_glue(self, source: GoSource, listing: Listing) -> None:
        """Add to a main package what its engine needs: a `main` not written, the door of a library or a sidecar.

        BuildError where it is none, or never calls `lambda.Start`. That there is no `main`, Go says.
        """
        aws = f"{AWS_MODULE}/lambda" in listing.imports or f"{AWS_MODULE}/lambdacontext" in listing.imports
        ours = f"{OUR_MODULE}/lambda" in listing.imports
        if listing.name != "main":
            what = f"the package is called {listing.name}, and that of a program is called main"
            raise BuildError(what, where=str(listing.folder), hint="Write: package main")
        if not _says(listing, _MAIN) and _says(listing, _HANDLE):
            self._show_glue(listing, "handle_aws" if aws and not ours else "handle")
            ours = ours or not aws
        if source.form == "program":
            return
        if not aws and not ours:
            raise BuildError("the program never calls lambda.Start", where=str(listing.folder), hint=START)
        if aws and not ours:
            _check_aws(listing)
        if source.form == "library":
            self._show_glue(listing, "exports")
            self._show_glue(listing, "lakon" if ours else "aws")
        elif not ours:
            self._show_glue(listing, "aws")
            self._show_glue(listing, "aws_sidecar")

    def checked(self, listing: Listing) -> Local:
        """A main package as Go sees it, for who reads its types."""
        [own] = [local for local in listing.local if local.import_path == listing.import_path]
        if str(_glue(listing, "handle")) not in self._seen:
            return own
        added = self._seen[str(_glue(listing, "handle"))]
        return own._replace(files=(*own.files, added), imports=(*own.imports, f"{OUR_MODULE}/shim"))

    def _show_glue(self, listing: Listing, name: str) -> None:
        template = carried() / "glue" / f"{name}.go.tmpl"
        self.show(_glue(listing, name), template.read_text("utf-8"))


def _glue(listing: Listing, name: str) -> Path:
    return listing.folder / f"zz_lakon_{name}_glue.go"


def _needs_module(folder: Path) -> bool:
    """Whether a main package imports Lakon's module, or will, for it has no `main`."""
    texts = [file.read_text("utf-8", "replace") for file in folder.glob("*.go")]
    return any(OUR_MODULE in text for text in texts) or not any(map(_MAIN.search, texts))


def _says(listing: Listing, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search((listing.folder / file).read_text("utf-8", "replace")) for file in listing.files)


def _check_aws(listing: Listing) -> None:
    """Refuse an aws-lambda-go whose list of ways to start has not the shape that the glue repeats."""
    entry = listing.aws / "entry.go" if listing.aws else None
    if entry is None or not entry.is_file() or not _AWS_SHAPE.search(entry.read_text("utf-8")):
        raise BuildError(
            "this version of aws-lambda-go runs only with the engine `runtime`",
            where=str(listing.folder),
            hint=f"Take v1.32.0 or newer: go get {AWS_MODULE}@latest",
        )
