"""One Go source under every engine, servers of HTTP, and libraries: built for real, run on the real host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from lakon.commands.build import build
from lakon.commands.program import load
from lakon.local import installs
from lakon.report import Silent
from lakon.settings import Target
from tests.build.golang import AWS, MODULE, GoProject, go_mod
from tests.go.building import JUDGES
from tests.local.hosting import hosting, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from lakon.local.functions import Function
    from tests.local.hosting import Hosting

    Scenario = Callable[[Hosting, dict[str, Function]], Coroutine[None, None, None]]

GO = """package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lakon/lakon-go/lambda"
	"github.com/lakon/lakon-go/lambdacontext"
)

type event struct{ Do, Text string }

type NotFound struct{ Key string }

func (n NotFound) Error() string { return "there is no " + n.Key }

var fromInit = os.Getenv("COLOUR")

func handle(ctx context.Context, event event) (any, error) {
	switch event.Do {
	case "echo":
		return event.Text, nil
	case "fail":
		return nil, NotFound{event.Text}
	case "wrapped":
		return nil, errors.New("plain")
	case "panic":
		var none map[string]int
		none["x"] = 1
	case "exit":
		os.Exit(3)
	case "large":
		return strings.Repeat("x", 6<<20+200), nil
	}
	fmt.Println("said by Go")
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, ok := ctx.Deadline()
	return map[string]any{
		"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "pid": os.Getpid(), "colour": os.Getenv("COLOUR"),
		"init": fromInit, "left": ok && time.Until(deadline) > time.Second, "args": len(os.Args),
		"trace": os.Getenv("_X_AMZN_TRACE_ID"), "function": lambdacontext.FunctionName,
	}, nil
}

func main() { lambda.Start(handle) }
"""

PROGRAM = """
import lakon

service = lakon.Service("engines", python="{python}", env={{"COLOUR": "blue"}})
for engine in ("runtime", "sidecar", "inprocess"):
    service.go_function(engine, source="./fn", engine=engine)
"""

SERVER = """package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

var began = time.Now()

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		if time.Since(began) < 200*time.Millisecond {
			w.WriteHeader(503)
		}
	})
	http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(4) })
	http.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	http.HandleFunc("/image", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Write([]byte{0x89, 'P', 'N', 'G'})
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.Header().Set("X-Method", r.Method)
		w.WriteHeader(201)
		for _, part := range []string{r.URL.String(), " ", string(body), " ", r.Header.Get("X-Asked"), " ", r.Host} {
			fmt.Fprint(w, part)
			w.(http.Flusher).Flush()
		}
	})
	network, address := "tcp", "127.0.0.1:"+os.Getenv("PORT")
	if socket := os.Getenv("SOCKET"); socket != "" {
		network, address = "unix", socket
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	http.Serve(listener, nil)
}
"""


@pytest.fixture
def project(tmp_path: Path) -> GoProject:
    return GoProject(tmp_path / "project").write({"fn/go.mod": go_mod("fn"), "fn/main.go": GO})


def requiring_aws() -> dict[str, str]:
    """The go.mod and go.sum of a program by aws-lambda-go. Skips where it cannot be had."""
    asked = ["go", "mod", "download"]
    done = subprocess.run(
        asked, cwd=JUDGES, env=os.environ | {"GOFLAGS": ""}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"aws-lambda-go cannot be had: {done.stderr[-200:]}")
    return {f"fn/{name}": (JUDGES / name).read_text() for name in ("go.mod", "go.sum")}


def running_python() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def on_the_host(project: GoProject, program: str, folder: Path, scenario: Scenario) -> None:
    """Build a program for this machine, and have its functions by their names."""
    project.write({"app.py": program.format(python=running_python())})
    before = project.state()
    built = build(load(project.root / "app.py"), Target(local=True, state=folder / "state"), Silent())
    assert {name: at for name, at in project.state().items() if "__pycache__" not in name} == before

    async def hosted_scenario() -> None:
        async with hosting(folder / "host") as hosted:
            functions = {}
            for resource in built.synthesis.resources.values():
                if resource["Type"] == "AWS::Lambda::Function":
                    config: Any = resource["Properties"]
                    name = config["FunctionName"]["Fn::Sub"].rpartition("-")[2]
                    archive = built.archives[config["Code"]["S3Key"]["Ref"]]
                    with zipfile.ZipFile(archive.path) as opened:
                        files = {member: opened.read(member) for member in opened.namelist()}
                    kept = {key: config[key] for key in ("Runtime", "Handler", "Environment") if key in config}
                    functions[name] = hosted.function(files, FunctionName=name, **kept)
            await scenario(hosted, functions)

    run(hosted_scenario)


@pytest.mark.parametrize("module", ["ours", "aws"])
def test_one_source_runs_in_three_engines(module: str, project: GoProject, tmp_path: Path) -> None:
    if module == "aws":
        project.write({"fn/main.go": GO.replace(MODULE, AWS), **requiring_aws()})

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        for name, function in functions.items():
            pids = set()
            for _ in range(2):
                told = await hosted.ask(function, {})
                assert isinstance(told, dict)
                pids.add(told["pid"])
                assert (told["colour"], told["left"], told["args"]) == ("blue", True, 1), name
                assert told["arn"].endswith(f":{name}")
                assert told["function"] == name
                assert told["trace"].startswith("Root=")
            assert len(pids) == 1
            assert await hosted.ask(function, {"Do": "echo", "Text": "é" * 2_000_000}) == "é" * 2_000_000
            error = await hosted.fail(function, {"Do": "fail", "Text": "cat"})
            assert (error["errorType"], error["errorMessage"]) == ("NotFound", "there is no cat")
            if name != "runtime" or module == "ours":
                error = await hosted.fail(function, {"Do": "large"})
                assert error["errorType"] in ("Function.ResponseSizeTooLarge", "ResponseSizeTooLarge"), name
            error = await hosted.fail(function, {"Do": "panic"})
            assert error["errorMessage"] == "assignment to entry in nil map"
            assert "/main.go" in json.dumps(error["stackTrace"])
            told = await hosted.ask(function, {})
            assert isinstance(told, dict)
            assert (told["pid"] in pids) is (name == "inprocess")
        for _ in range(2):
            error = await hosted.fail(functions["sidecar"], {"Do": "exit"})
            assert (error["errorType"], error["errorMessage"]) == (
                "Runtime.ExitError",
                "the Go program ended: exit status 3",
            )
            assert await hosted.ask(functions["sidecar"], {"Do": "echo", "Text": "again"}) == "again"
        lines = await hosted.written(lambda lines: sum("said by Go" in line for line in lines) == 9)
        assert sum(line.strip() == "said by Go" for line in lines) == 9

    on_the_host(project, PROGRAM, tmp_path, scenario)


def test_a_program_that_never_starts_says_so(project: GoProject, tmp_path: Path) -> None:
    project.write(
        {
            "fn/main.go": GO.replace(
                "{ lambda.Start(handle) }", '{ if len(os.Args) > 0 { panic("no") }; lambda.Start(handle) }'
            )
        }
    )

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        error = await hosted.fail(functions["sidecar"], {})
        assert (error["errorType"], error["errorMessage"]) == (
            "Runtime.ExitError",
            "the Go program ended: exit status 2",
        )
        error = await hosted.fail(functions["inprocess"], {})
        assert (error["errorType"], error["errorMessage"]) == ("Runtime.InitPanic", "main panicked: no")

    on_the_host(project, PROGRAM, tmp_path, scenario)


WEB = """
import lakon

service = lakon.Service("web", python="{python}")
service.go_function("port", source="./web", engine="sidecar", protocol="http", ready="/health")
service.go_function("socket", source="./web", engine="sidecar", protocol="http", ready="/health", socket=True)
service.web_function("none", ["nonesuch", "{{port}}"], source="./files")
service.web_function("any", ["python3", "-m", "http.server", "--bind", "127.0.0.1", "{{port}}"], source="./files")
"""


def test_servers_get_requests_and_events(project: GoProject, tmp_path: Path) -> None:
    project.write({"web/go.mod": go_mod("web", ours=False), "web/main.go": SERVER, "files/a.txt": "a file"})
    v2 = {
        "version": "2.0",
        "rawPath": "/a b/ü",
        "rawQueryString": "x=1&x=2",
        "headers": {"x-asked": "yes", "host": "api.example"},
        "requestContext": {"http": {"method": "PUT", "sourceIp": "1.2.3.4"}, "stage": "$default"},
        "body": "aGVsbG8=",
        "isBase64Encoded": True,
    }
    v1 = {
        "httpMethod": "PUT",
        "path": "/a%20b",
        "multiValueQueryStringParameters": {"x": ["1", "2"]},
        "multiValueHeaders": {"X-Asked": ["yes"], "Host": ["api.example"]},
        "requestContext": {"identity": {"sourceIp": "1.2.3.4"}},
        "body": "hello",
    }

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        for name in ("port", "socket"):
            function = functions[name]
            told: Any = await hosted.ask(function, v2)
            assert told["statusCode"] == 201
            assert told["body"] == "/a%20b/%C3%BC?x=1&x=2 hello yes api.example"
            assert told["cookies"] == ["a=1", "b=2"]
            assert told["headers"]["x-method"] == "PUT"
            told = await hosted.ask(function, v1)
            assert told["body"] == "/a%20b?x=1&x=2 hello yes api.example"
            assert told["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2"]
            told = await hosted.ask(function, {**v2, "rawPath": "/image", "rawQueryString": ""})
            assert (told["body"], told["isBase64Encoded"]) == ("iVBORw==", True)
            assert await hosted.ask(function, {"Records": []}) == '/events {"Records": []}  localhost'
            error = await hosted.fail(function, {**v2, "rawPath": "/exit"})
            assert (error["errorType"], error["errorMessage"]) == (
                "Runtime.ExitError",
                "the server ended: exit status 4",
            )
            told = await hosted.ask(function, v2)
            assert told["statusCode"] == 201
            error = await hosted.fail(function, {**v2, "rawPath": "/panic"})
            assert error["errorMessage"].startswith("the server closed the connection without an answer to PUT /panic")
            told = await hosted.ask(function, {**v1, "path": "/a b"})
            assert told["body"].startswith("/a%20b?")
        error = await hosted.fail(functions["none"], v2)
        assert error["errorType"] == "Runtime.ExitError"
        assert error["errorMessage"].startswith("cannot start 'nonesuch'")
        told = await hosted.ask(
            functions["any"], {**v2, "requestContext": {"http": {"method": "GET"}}, "rawPath": "/a.txt"}
        )
        assert told["body"] == "a file"

    on_the_host(project, WEB, tmp_path, scenario)


LIBRARY = """package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/lakon/lakon-go/lambda"
)

type nothing struct{}

func (nothing) Invoke(context.Context, []byte) ([]byte, error) { return nil, nil }

func main() {
	lambda.Register("Words", func(text string) ([]string, error) { return strings.Fields(text), nil })
	lambda.Register("Panic", func() error { panic("no") })
	lambda.Register("Text", func() (io.Reader, error) { return strings.NewReader("plain"), nil })
	lambda.Register("Nothing", lambda.NewHandler(nothing{}))
	lambda.Register("Sleep", func() error { time.Sleep(300 * time.Millisecond); return nil })
	lambda.Start(func(ctx context.Context, given map[string]any) (map[string]any, error) {
		_, given["deadline"] = ctx.Deadline()
		return given, nil
	})
}
"""
USER = """
import lakon

service = lakon.Service("user", python="{python}")
fast = service.go_library("fast", source="./fast")


@service.function
def words(event, context):
    return [fast.call("Words", event), fast.call(payload={{"a": 1}}, context=context)]
"""


def test_a_library_answers_in_a_handler_and_in_a_test(project: GoProject, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("a C compiler is not installed")
    project.write({"fast/go.mod": go_mod("fast"), "fast/main.go": LIBRARY})

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        assert await hosted.ask(functions["words"], "a b") == [["a", "b"], {"a": 1, "deadline": True}]

    on_the_host(project, USER, tmp_path, scenario)
    script = """
import os, threading, time
from app import fast, words
from lakon.runtime.raw import GoError
assert words("x y", None) == [["x", "y"], {"a": 1, "deadline": False}]
assert fast.call("Words", b'"a b"') == b'["a","b"]'
assert fast.call("Words", memoryview(b'"a b"')) == b'["a","b"]'
assert fast.call("Words", "a " * 100_000) == ["a"] * 100_000  # does not fit into the room
assert (fast.call("Nothing"), fast.call("Text", b"null")) == (None, b"plain")
for wrong in (lambda: fast.call("Text"), lambda: fast.call("Words", float("nan"))):
    try:
        wrong()
    except ValueError as error:
        assert "JSON" in str(error), error
try:
    fast.call("Panic")
except GoError as error:
    assert error.message == "no" and "main.go:" in str(error), error
try:
    fast.call("Gone")
except GoError as error:
    assert "there is no handler" in str(error), error
began = time.monotonic()
threads = [threading.Thread(target=fast.call, args=("Sleep",)) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
assert time.monotonic() - began < 2
child = os.fork()
if child == 0:
    try:
        fast.call("Words", "a")
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SNAPSHOT = """
import sys
sys.path.insert(0, "code")
from lakon.runtime import sidecar
import snapshot_restore_py
before = sidecar._sidecar._child.pid
[(restored, arguments, named)] = snapshot_restore_py.get_after_restore()
restored(*arguments, **named)
assert sidecar._sidecar._child.pid != before
sidecar._sidecar._stop()
"""


def test_a_sidecar_is_started_anew_after_a_snapshot(project: GoProject, tmp_path: Path) -> None:
    program = 'import lakon\nservice = lakon.Service("snap", python="{python}")\n'
    program += 'service.go_function("sidecar", source="./fn", engine="sidecar")\n'
    project.write({"app.py": program.format(python=running_python())})
    built = build(load(project.root / "app.py"), Target(local=True, state=tmp_path / "state"), Silent())
    [archive] = built.archives.values()
    code = tmp_path / "code"
    with zipfile.ZipFile(archive.path) as opened:
        opened.extractall(code)
    (code / "bootstrap").chmod(0o755)
    python = installs.ensure_python_runtime(installs.base_python(), running_python())
    environment = {"LAMBDA_TASK_ROOT": str(code), "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    command = [str(python), "-c", SNAPSHOT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
