"""Go programs that cannot be built, or would not run: told in Go's words or plain ones, with their place."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import BuildError

from .golang import HELLO, PRINT, GoProject, go_mod

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.build.golang.sources import GoSource


@pytest.fixture
def go(tmp_path: Path) -> GoProject:
    return GoProject(tmp_path / "project")


def refused(go: GoProject, *folders: str | GoSource) -> BuildError:
    sources = [go.source(folder) if isinstance(folder, str) else folder for folder in folders or (".",)]
    with pytest.raises(BuildError) as error:
        go.build(*sources)
    return error.value


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
    "lambda.Start(7)": "the handler is an int, not a function",
    "lambda.Start(func(all ...string) error { return nil })": "the handler takes any number of parameters",
    "lambda.Start(func(a, b, c string) error { return nil })": "the handler takes 3 parameters",
    "lambda.Start(func(a string, ctx context.Context) error { return nil })": "a string before the event",
    "lambda.Start(func(a chan int) {})": "the handler takes a chan int, which JSON cannot be read into",
    'lambda.Start(func() string { return "" })': "the handler gives only a string",
    'lambda.Start(func() (string, error, error) { return "", nil, nil })': "the handler gives 3 results",
    'lambda.Start(func() (error, string) { return nil, "" })': "the handler gives a string where an error is expected",
    "lambda.Start(func() (func(), error) { return nil, nil })": "the handler answers with a func()",
    "lambda.Start(&context.DeadlineExceeded)": "the handler is a *error, not a function",
    'lambda.Register("x", struct{}{}); lambda.Start(nil)': "the handler is a struct{}, not a function",
    "lambda.Start(never)": "the handler is a nil func() error",
    "lambda.Start((func())(nil))": "the handler is a nil func()",
    "var local func(); lambda.Start((local))": "the handler is a nil func()",
}
RIGHT = """
	lambda.Start(func() {})
	lambda.Start(func(ctx context.Context, all []string) (map[string]any, error) { return nil, nil })
	lambda.Register("x", func(a string) error { return nil })
	lambda.Start(nil)
	var handler any = func() {}
	lambda.Start(handler)
	lambda.Start(later)
	lambda.Start(pointed)
	lambda.Start(Linked)
	lambda.Start(ranged)
	var local func()
	func() { local = main }()
	lambda.Start(local)
"""
HANDLER = """package main

import (
	"context"
	_ "unsafe"

	"github.com/lakon/lakon-go/lambda"
)

//go:linkname Linked

var (
	_ context.Context

	never, later, pointed, ranged, Linked func() error
)

func init() {
	later = nil
	_ = &pointed
	for _, ranged = range []func() error{} {
	}
}

func main() {
"""


def test_wrong_handlers_are_found_with_their_line(go: GoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write(
        {
            "go.mod": go_mod("wrong"),
            "wrong/main.go": HANDLER + "\n".join(WRONG) + "\n}\n",
            "right/main.go": HANDLER + RIGHT + "}\n",
            "old/main.go": "package main\n\nfunc Handle(event string, ctx int) (string, error) { return event, nil }\n",
            "named/main.go": HANDLER + "lambda.Start(handle)\n}\n\nfunc handle(a, b, c int) {}\n",
        }
    )
    monkeypatch.chdir(go.root)
    told = (refused(go, "wrong", "old", "named", "right").detail or "").splitlines()
    first = HANDLER.count("\n") + 1
    expected = {f"wrong/main.go:{first + index}": words for index, words in enumerate(WRONG.values())}
    expected |= {
        "old/main.go:3": "Handle takes an int after the event",
        f"named/main.go:{first + 3}": "the handler takes 3",
    }
    assert len(told) == len(expected)
    for place, words in expected.items():
        [line] = [line for line in told if line.startswith(f"{place}:")]
        assert words in line
    go.write({"go.mod": go_mod("none"), "none/main.go": f"{HANDLER}lambda.Start(nil)\n}}\n"})
    alone = refused(go, "none")
    assert (alone.what, alone.where) == ("the handler is nil", f"none/main.go:{first}")
    assert str(alone.hint).startswith("Write func(ctx context.Context, event Event) (Answer, error)")


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


def test_what_a_build_depends_on_and_what_it_lacks_is_told(go: GoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    go.write({"go.mod": go_mod("none").replace("v0.1.0", "v0.9.0"), "main.go": PRINT % "1"})
    monkeypatch.setenv("GOFLAGS", "-tags=special -buildvcs=false")
    go.build()
    assert go.reporter.notes == [
        "go.mod asks for github.com/lakon/lakon-go v0.9.0: built with v0.1.0, which Lakon brings",
        "Go builds with GOFLAGS=-tags=special: other machines may make other programs",
        "app.py:3: project never calls lambda.Start, nor does it serve HTTP",
    ]
    assert refused(go, go.source(form="sidecar")).what == "the program never calls lambda.Start"


def test_c_compilers_that_are_missing_are_told_once(
    go: GoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("ziglang"):
        pytest.skip("zig is installed")
    for name in ("one", "two"):
        go.write({f"{name}/go.mod": go_mod(name), f"{name}/main.go": HELLO})
    error = refused(go, *(go.source(name, "library", architecture="arm64") for name in ("one", "two")))
    assert str(error.detail).count("app.py:3: a C compiler is needed") == 1
