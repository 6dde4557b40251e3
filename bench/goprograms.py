"""The Go programs that are measured, and the shim of old: a Node.js function with a Go server behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.programs import PYTHON

if TYPE_CHECKING:
    from pathlib import Path

OURS, AWS = "github.com/lakon/lakon-go", "github.com/aws/aws-lambda-go"

_TYPES = """
type item struct {
	ID    int      `json:"id"`
	Name  string   `json:"name"`
	Words []string `json:"words"`
}

type event struct {
	Kind  string `json:"kind"`
	Items []item `json:"items"`
}
"""

HANDLER = f"""package main

import (
	"context"

	"{OURS}/lambda"
)
{_TYPES}
func main() {{
	lambda.Start(func(_ context.Context, e event) (event, error) {{ return e, nil }})
}}
"""

LIBRARY = f"""package main

import (
	"context"
	"encoding/json"
	"time"

	"{OURS}/lambda"
)
{_TYPES}
// alone takes the nanoseconds that reading and writing the event takes Go by itself.
func alone(_ context.Context, payload json.RawMessage) (int64, error) {{
	rounds := 1 + 300_000/len(payload)
	began := time.Now()
	for i := 0; i < rounds; i++ {{
		var e event
		if err := json.Unmarshal(payload, &e); err != nil {{
			return 0, err
		}}
		if _, err := json.Marshal(e); err != nil {{
			return 0, err
		}}
	}}
	return time.Since(began).Nanoseconds() / int64(rounds), nil
}}

func main() {{
	lambda.Register("alone", alone)
	lambda.Start(func(_ context.Context, e event) (event, error) {{ return e, nil }})
}}
"""

SERVER = f"""package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"syscall"
)
{_TYPES}
func main() {{
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {{
		panic(err)
	}}
	syscall.Kill(os.Getppid(), syscall.SIGUSR2)
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {{
		var e event
		if json.NewDecoder(r.Body).Decode(&e) == nil {{
			json.NewEncoder(w).Encode(e)
		}}
	}}))
}}
"""

SHIM = """
const { copyFileSync, chmodSync } = require("fs");
const { spawn } = require("child_process");
const http = require("http");

const PORT = process.env.SHIM_PORT;
const agent = new http.Agent({ keepAlive: true });
let waiting = null;

function start() {
  copyFileSync("./server", process.env.SHIM_COPY);
  chmodSync(process.env.SHIM_COPY, 0o755);
  return new Promise((ready, failed) => {
    process.once("SIGUSR2", ready);
    const child = spawn(process.env.SHIM_COPY, [PORT], { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", failed);
    child.on("exit", () => process.exit(1));
  });
}

function ask(event) {
  return new Promise((answered, failed) => {
    const body = JSON.stringify(event);
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ port: PORT, host: "127.0.0.1", method: "POST", headers, agent }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => answered(JSON.parse(Buffer.concat(parts))));
    });
    request.on("error", failed);
    request.end(body);
  });
}

exports.handler = async (event) => {
  waiting ??= start();
  await waiting;
  return ask(event);
};
exports.nothing = async (event) => event;
"""

NOTHING = "def handler(event, context):\n    return event\n"


def payload(size: int) -> bytes:
    """An event of about `size` bytes."""
    one = {"id": 1, "name": "first", "words": ["one", "two", "three"]}
    event = {"kind": "order", "items": [one] * max(1, (size - 30) // len(json.dumps(one)))}
    return json.dumps(event).encode()


def go_mod(name: str, *, ours: bool = True) -> str:
    """The text of a go.mod."""
    return f"module example.com/{name}\n\ngo 1.21\n" + (f"\nrequire {OURS} v0.1.0\n" if ours else "")


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write the files of a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def engines(folder: Path, unmodified: Path | None) -> Path:
    """A service with a function for each engine; the same program by aws-lambda-go, if that is to be had."""
    program = f'import lakon\n\nservice = lakon.Service("bench", python="{PYTHON}")\n'
    for engine in ("runtime", "sidecar", "inprocess"):
        program += f'service.go_function("{engine}", source="./fn", engine="{engine}")\n'
    if unmodified:
        program += f'service.go_function("aws-lambda-go", source="{unmodified}", build_tags=("lambda.norpc",))\n'
    return write(folder, {"app.py": program, "fn/go.mod": go_mod("fn"), "fn/main.go": HANDLER})


def many(folder: Path, count: int) -> Path:
    """A service of so many functions of one module, which share packages."""
    names = [f"fn{number}" for number in range(count)]
    program = f'import lakon\n\nservice = lakon.Service("bench", python="{PYTHON}")\n'
    program += "".join(f'service.go_function("{name}", source="./go/{name}")\n' for name in names)
    files = {"app.py": program, "go/go.mod": go_mod("go"), "go/shared/shared.go": "package shared\n\nconst Word = 0\n"}
    for name in names:
        text = HANDLER.replace('"context"\n', '"context"\n\n\t"example.com/go/shared"', 1)
        files[f"go/{name}/main.go"] = f"{text}\nconst word = shared.Word\n"
    return write(folder, files)
