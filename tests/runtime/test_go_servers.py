"""Servers of HTTP as functions: what they get of events, and what comes of their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.build.golang import go_mod

from .gohosting import on_the_host, service

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function
    from tests.local.hosting import Hosting

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

WEB = """
import lakon

service = lakon.Service("web", python="{python}")
service.go_function("port", source="./web", engine="sidecar", protocol="http", ready="/health")
service.go_function("socket", source="./web", engine="sidecar", protocol="http", ready="/health", socket=True)
service.web_function("none", ["nonesuch", "{{port}}"], source="./files")
service.web_function("any", ["python3", "-m", "http.server", "--bind", "127.0.0.1", "{{port}}"], source="./files")
"""


def test_servers_get_requests_and_events(tmp_path: Path) -> None:
    files = {"web/go.mod": go_mod("web", ours=False), "web/main.go": SERVER, "files/a.txt": "a file"}
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

    on_the_host(service(WEB, files), tmp_path, scenario)
