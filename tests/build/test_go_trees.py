"""Go programs in odd trees: the same bytes everywhere, nothing written, nothing built twice."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from .golang import HELLO, MACHINES, MODULE, PRINT, GoProject, go_mod

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def go(tmp_path: Path) -> GoProject:
    return GoProject(tmp_path / "project")


def test_a_program_is_static_and_the_same_from_any_folder(tmp_path: Path) -> None:
    files = {"go.mod": go_mod("hello"), "main.go": HELLO, "words/words.go": "package words\n"}
    for architecture in MACHINES:
        made = set()
        for place in ("here", "else/where"):
            go = GoProject(tmp_path / place).write(files)
            before = go.state()
            made.update(go.build(go.source(architecture=architecture)))
            assert go.state() == before
        [binary] = made
        head = binary.read_bytes()[:64]
        assert head[:4] == b"\x7fELF"
        assert struct.unpack_from("<H", head, 18)[0] == MACHINES[architecture]
        assert b"/lib64/ld-linux" not in binary.read_bytes()


def test_a_library_is_the_same_from_any_folder(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("a C compiler is not installed")
    made = set()
    for place in ("here", "else/where"):
        go = GoProject(tmp_path / place).write({"go.mod": go_mod("hello"), "main.go": HELLO})
        before = go.state()
        made.update(go.build(go.source(form="library", host=True)))
        assert go.state() == before
    assert len(made) == 1


def test_a_program_is_what_go_makes_of_it(go: GoProject, tmp_path: Path) -> None:
    """Nothing is added to a program that needs nothing: one by aws-lambda-go is as fast as without Lakon."""
    go.write({"go.mod": go_mod("plain", ours=False), "main.go": PRINT % "1"})
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="]
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    subprocess.run(
        ["go", "build", *flags, "-o", str(tmp_path / "plain"), "."], cwd=go.root, env=environment, check=True
    )
    [made] = go.build(go.source(host=True))
    assert made.read_bytes() == (tmp_path / "plain").read_bytes()


def test_what_has_not_changed_is_not_built(go: GoProject) -> None:
    go.write(
        {
            "go.mod": go_mod("memory", ours=False),
            "main.go": (
                'package main\n\nimport (\n\t"embed"\n\t"fmt"\n\n\t"example.com/memory/words"\n)\n\n'
                "//go:embed texts/*\nvar texts embed.FS\n\n"
                'func main() { all, _ := texts.ReadDir("texts"); fmt.Print(words.Word, len(all)) }\n'
            ),
            "words/words.go": 'package words\n\nconst Word = "one"\n',
            "texts/a.txt": "a",
        }
    )
    here = go.source(host=True)
    assert go.run(here) == "one1"
    assert go.run(here) == "one1"
    assert len(go.reporter.steps) == 1
    go.write({"app.py": "", "words/notes.md": "", "words/words_test.txt": "", "words/words_test.go": "package words\n"})
    assert go.run(here) == "one1"
    assert len(go.reporter.steps) == 1
    for files, said in (
        ({"words/words.go": 'package words\n\nconst Word = "two"\n'}, "two1"),
        ({"texts/b.txt": "b"}, "two2"),
        ({"more.go": 'package main\n\nimport "fmt"\n\nfunc init() { fmt.Print("init ") }\n'}, "init two2"),
    ):
        assert go.write(files).run(here) == said
    assert len(go.reporter.steps) == 4


def test_dependencies_in_a_workspace_a_replaced_folder_and_a_vendor_folder(go: GoProject) -> None:
    library = {"go.mod": "module example.com/words\n\ngo 1.21\n", "words.go": 'package words\n\nconst Word = "%s"\n'}
    program = (
        f'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/words"\n\t"{MODULE}/lambdacontext"\n)\n\n'
        "func main() { fmt.Print(words.Word, lambdacontext.FunctionName) }\n"
    )
    needed = "\nrequire example.com/words v0.0.0\n\nreplace example.com/words => ../words\n"
    kinds = ("work", "replaced", "vendored", "partly")
    for kind in kinds:
        go.write({f"{kind}/words/{name}": text.replace("%s", kind) for name, text in library.items()})
        own = kind != "vendored"
        go.write(
            {
                f"{kind}/fn/go.mod": go_mod("fn", "" if kind == "work" else needed, ours=own),
                f"{kind}/fn/main.go": program
                if own
                else PRINT.replace('"fmt"', '"example.com/words"; import "fmt"') % "words.Word",
            }
        )
    go.write({"work/go.work": "go 1.21\n\nuse (\n\t./fn\n\t./words\n)\n"})
    for kind in ("vendored", "partly"):
        go.write(
            {
                f"{kind}/fn/vendor/modules.txt": "# example.com/words v0.0.0 => ../words\n## explicit; go 1.21\n"
                "example.com/words\n# example.com/words => ../words\n",
                f"{kind}/fn/vendor/example.com/words/words.go": library["words.go"].replace("%s", kind),
            }
        )
    shutil.rmtree(go.root / "vendored" / "words")
    before = go.state()
    assert tuple(go.run(go.source(f"{kind}/fn", host=True)) for kind in kinds) == kinds
    assert go.state() == before


def test_build_tags_and_c(go: GoProject) -> None:
    go.write(
        {
            "go.mod": go_mod("tags", ours=False),
            "main.go": PRINT.replace("func main()", "func  main ( )") % "stage",  # gofmt has not seen it
            "prod.go": '//go:build prod\n\npackage main\n\nconst stage = "prod"\n',
            "test.go": '//go:build !prod\n\npackage main\n\nconst stage = "test"\n',
            "c/main.go": 'package main\n\n// int seven(void) { return 7; }\nimport "C"\n\nimport "fmt"\n\n'
            "func main() { fmt.Print(C.seven()) }\n",
        }
    )
    assert go.run(go.source(host=True)) == "test"
    assert go.run(go.source(host=True, tags=("prod",))) == "prod"
    if shutil.which("gcc"):
        assert go.run(go.source("c", host=True)) == "7"


def test_programs_of_one_module_are_built_together(go: GoProject) -> None:
    names = ["a/cmd", "b/cmd", "one", "two"]
    go.write({"go.mod": go_mod("many", ours=False), "shared/shared.go": "package shared\n\nconst Word = 1\n"})
    for name in names:
        go.write(
            {
                f"{name}/main.go": 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/many/shared"\n)\n\n'
                f'func main() {{ fmt.Print("{name}", shared.Word) }}\n'
            }
        )
    made = go.build(*(go.source(name, host=True) for name in names))
    assert len(go.reporter.steps) == 1
    assert go.reporter.steps[0].startswith("building cmd, one, two")
    for name, binary in zip(names, made, strict=True):
        binary.chmod(0o755)
        assert subprocess.run([binary], capture_output=True, text=True, check=True).stdout == f"{name}1"


def test_many_programs_are_built_by_one_go(go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("many", ours=False), "shared/shared.go": "package shared\n\nconst Word = 1\n"})
    names = [f"fn{number}" for number in range(4)]
    program = PRINT.replace('"fmt"', '"example.com/many/shared"; import "fmt"') % "shared.Word"
    go.write({f"{name}/main.go": program for name in names})
    real, calls = shutil.which("go"), tmp_path / "calls"
    counting = tmp_path / "programs" / "go"
    counting.parent.mkdir()
    counting.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nexec {real} "$@"\n')
    counting.chmod(0o755)
    monkeypatch.setenv("PATH", f"{counting.parent}{os.pathsep}{os.environ['PATH']}")
    go.build(go.source("fn0", host=True))
    one = sorted(calls.read_text().split())
    calls.unlink()
    go.write({"shared/shared.go": "package shared\n\nconst Word = 2\n"})
    go.build(*(go.source(name, host=True) for name in names))
    assert [call for call in sorted(calls.read_text().split()) if call != "build"] == [c for c in one if c != "build"]
    assert calls.read_text().split().count("build") == 1


def proxy(folder: Path) -> str:
    """A proxy of modules that has `example.com/words`, and the line of it for go.sum."""
    path = "example.com/words"
    files = {"go.mod": f"module {path}\n\ngo 1.21\n", "words.go": 'package words\n\nconst Word = "private"\n'}
    place = folder / path / "@v"
    place.mkdir(parents=True)
    (place / "list").write_text("v1.0.0\n")
    (place / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    (place / "v1.0.0.mod").write_text(files["go.mod"])
    named = {f"{path}@v1.0.0/{name}": text for name, text in files.items()}
    with zipfile.ZipFile(place / "v1.0.0.zip", "w") as archive:
        for name, text in named.items():
            archive.writestr(name, text)
    return f"{path} v1.0.0 {_sum(named)}\n{path} v1.0.0/go.mod {_sum({'go.mod': files['go.mod']})}\n"


def _sum(files: dict[str, str]) -> str:
    lines = "".join(f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files))
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"


def test_a_private_proxy_in_a_settings_file_counts(
    go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings"
    settings.write_text(f"GOPROXY=file://{tmp_path}/proxy\nGONOSUMDB=example.com\nGOFLAGS=-mod=mod\n")
    monkeypatch.setenv("GOENV", str(settings))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    for name in ("GOPROXY", "GOFLAGS", "GONOSUMDB"):
        monkeypatch.delenv(name, raising=False)
    go.write(
        {
            "go.mod": go_mod("private", "\nrequire example.com/words v1.0.0 // indirect\n", ours=False),
            "go.sum": proxy(tmp_path / "proxy"),
            "main.go": PRINT.replace('"fmt"', '"example.com/words"; import "fmt"') % "words.Word",
        }
    )
    before = go.state()
    assert go.run(go.source(host=True)) == "private"
    assert go.state() == before  # -mod=mod would have written go.mod
    subprocess.run(["go", "clean", "-modcache"], env=os.environ | {"GOFLAGS": ""}, cwd=go.root, check=True)
