"""What `go list` says of a package: its name, what it is made of, and which files decide that."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lakon.build.golang.inputs import Inputs, above

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakon.build.golang.toolchain import Toolchain

AWS_MODULE = "github.com/aws/aws-lambda-go"
OUR_MODULE = "github.com/lakon/lakon-go"
_FIELDS = "ImportPath,Name,Dir,Standard,DepOnly,CgoFiles,EmbedPatterns,Module,Target,GoFiles,Imports"
_GLOB = "*?["

Package = dict[str, Any]
"""An answer of `go list -json`, which holds anything."""


class Local(NamedTuple):
    """A package that the user may edit: its import path, its files in Go, and what it imports."""

    import_path: str
    files: tuple[str, ...]
    imports: tuple[str, ...]


class Listing(NamedTuple):
    """A package that is to be built.

    `executable` is what Go would call the program; `imports` are all packages that it is made of; `cgo` says that its
    code is partly C; `local` are the packages that the user may edit, this one among them; `aws` is where the package
    `lambda` of aws-lambda-go lies.
    """

    import_path: str
    name: str
    executable: str
    folder: Path
    files: tuple[str, ...]
    imports: frozenset[str]
    cgo: bool
    local: tuple[Local, ...]
    aws: Path | None
    inputs: Inputs


def list_packages(
    go: Toolchain, folder: Path, packages: Sequence[Path], flags: Sequence[str], environment: Mapping[str, str]
) -> tuple[dict[Path, Listing], str]:
    """List the main packages in the folders `packages` of one module; answer also what Go said of mistakes in them."""
    patterns = [str(package) for package in packages]
    done = go.run(["list", "-e", "-deps", f"-json={_FIELDS}", *flags, *patterns], folder, environment)
    every = {package["ImportPath"]: package for package in objects(done.stdout)}
    cache = Path(go.settings.get("GOMODCACHE") or "/nowhere")
    found = {}
    for package in every.values():
        if not package.get("DepOnly") and package.get("Dir"):
            place = Path(package["Dir"])
            found[place] = _listing(package, _reached(package, every), cache)
    return found, done.stderr


def objects(text: str) -> Iterator[Package]:
    """What `go list -json` has told, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and text[at].isspace():
            at += 1


def _reached(package: Package, every: Mapping[str, Package]) -> dict[str, Package]:
    """The package and all that it imports, in any depth."""
    found: dict[str, Package] = {}
    waiting = [package]
    while waiting:
        this = waiting.pop()
        if this["ImportPath"] not in found:
            found[this["ImportPath"]] = this
            waiting += [every[name] for name in this.get("Imports", ()) if name in every]
    return found


def _listing(package: Package, reached: Mapping[str, Package], cache: Path) -> Listing:
    own = [each for each in reached.values() if not each.get("Standard") and each.get("Dir")]
    local = [each for each in own if not Path(each["Dir"]).is_relative_to(cache) and Path(each["Dir"]).is_dir()]
    aws = reached.get(f"{AWS_MODULE}/lambda", {}).get("Dir")
    target = package.get("Target") or package["ImportPath"]
    return Listing(
        import_path=package["ImportPath"],
        name=package.get("Name", ""),
        executable=Path(target).name,
        folder=Path(package["Dir"]),
        files=(*package.get("GoFiles", ()), *package.get("CgoFiles", ())),
        imports=frozenset(reached),
        cgo=any(each.get("CgoFiles") for each in own),
        local=tuple(sorted(map(_local, local))),
        aws=Path(aws) if aws else None,
        inputs=_inputs(Path(package["Dir"]), local),
    )


def _local(package: Package) -> Local:
    files = (*package.get("GoFiles", ()), *package.get("CgoFiles", ()))
    imports = (name for name in package.get("Imports", ()) if name != "C")
    return Local(package["ImportPath"], tuple(f"{package['Dir']}{os.sep}{file}" for file in files), tuple(imports))


def _inputs(folder: Path, local: Sequence[Package]) -> Inputs:
    files = above(folder, ("go.mod", "go.work"))
    trees = []
    for module in {each["Module"]["Dir"] for each in local if (each.get("Module") or {}).get("Dir")}:
        files += [f"{module}/{name}" for name in ("go.mod", "go.sum", "vendor/modules.txt")]
    for package in local:
        trees += [f"{package['Dir']}/{_plain(pattern)}" for pattern in package.get("EmbedPatterns", ())]
    folders = {each["Dir"] for each in local}
    return Inputs(tuple(sorted(folders)), tuple(sorted(set(files))), tuple(sorted(set(trees))))


def _plain(pattern: str) -> str:
    """The file or folder that a pattern of `//go:embed` is about: what stands before its first wildcard."""
    parts = []
    for part in pattern.removeprefix("all:").split("/"):
        if any(sign in part for sign in _GLOB):
            break
        parts.append(part)
    return "/".join(parts) or "."
