package runtimeapi

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// serve answers with the handler on a real server, and counts its connections.
func serve(t *testing.T, handler http.HandlerFunc) (*Client, *atomic.Int32) {
	t.Helper()
	connections := &atomic.Int32{}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return New(server.Listener.Addr().String()), connections
}

func TestEventsOfAllSizesOverOneConnection(t *testing.T) {
	sizes := []int{0, 1, 100, 16 << 10, 100 << 10, 6 << 20, 3, 6<<20 + 1, 0}
	asked := 0
	client, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "GET":
			size := sizes[asked/2]
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint("id-", size))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", "123")
			w.Header().Set("Lambda-Runtime-Client-Context", `{"a": "é: b"}`)
			if asked%2 == 0 {
				w.Header().Set("Content-Length", fmt.Sprint(size))
			}
			for asked++; size > 0; size -= min(size, 50_000) { // without a length, the server sends chunks
				w.Write(bytes.Repeat([]byte("x"), min(size, 50_000)))
				w.(http.Flusher).Flush()
			}
		default:
			body, _ := io.ReadAll(r.Body)
			if len(body) != int(r.ContentLength) || r.URL.Path != fmt.Sprintf("/2018-06-01/runtime/invocation/id-%d/response", len(body)) {
				t.Errorf("%s with %d bytes", r.URL.Path, len(body))
			}
			w.WriteHeader(202)
			io.WriteString(w, `{"status":"OK"}`)
		}
	})
	for turn := 0; turn < 2*len(sizes); turn++ {
		event, err := client.Next()
		if err != nil {
			t.Fatal(err)
		}
		if len(event.Payload) != sizes[turn/2] || strings.Trim(string(event.Payload), "x") != "" {
			t.Fatalf("%d bytes, wanted %d", len(event.Payload), sizes[turn/2])
		}
		if event.Deadline != "123" || event.ClientContext != `{"a": "é: b"}` || event.TraceID != "" {
			t.Fatalf("%+v", event.Call)
		}
		if err := client.Respond(event.RequestID, JSON, event.Payload); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestClientsBesideEachOther(t *testing.T) {
	client, connections := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	done := make(chan error)
	for i := 0; i < 20; i++ {
		go func() {
			_, err := NewAmongMany(client.connection.address).Next()
			done <- err
		}()
	}
	for i := 0; i < 20; i++ {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := connections.Load(); n != 20 {
		t.Errorf("%d connections", n)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "large"): // the rest of the body stays unread
			w.WriteHeader(413)
		case r.Method == "POST":
			w.WriteHeader(403)
			io.WriteString(w, "InvalidStateTransition")
		}
	})
	for i := 0; i < 2; i++ {
		if err := client.Respond("large", JSON, make([]byte, 20<<20)); !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
	}
	if err := client.Respond("late", JSON, nil); err == nil || !strings.Contains(err.Error(), "403: InvalidStateTransition") {
		t.Fatal(err)
	}
	if _, err := client.Next(); err != nil {
		t.Fatal(err)
	}
}

func TestAConnectionThatTheServerClosesIsMadeAnew(t *testing.T) {
	client, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case "GET": // said politely
			w.Header().Set("Connection", "close")
		default: // not said at all
			w.WriteHeader(202)
			w.(http.Flusher).Flush()
			taken, _, _ := w.(http.Hijacker).Hijack()
			taken.Close()
		}
	})
	for i := 0; i < 3; i++ {
		if _, err := client.Next(); err != nil {
			t.Fatal(err)
		}
		if err := client.Respond("id", JSON, []byte("x")); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n < 6 {
		t.Errorf("%d connections", n)
	}
}

func TestAServerThatIsGone(t *testing.T) {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() {
		for {
			taken, err := listener.Accept()
			if err != nil {
				return
			}
			taken.Close()
		}
	}()
	client := New(listener.Addr().String())
	if _, err := client.Next(); err == nil {
		t.Error("no error")
	}
	listener.Close()
	if _, err := client.Next(); err == nil {
		t.Error("no error")
	}
}

func TestWhatIsNoHTTP(t *testing.T) {
	for _, said := range []string{
		"SSH-2.0-x\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
	} {
		p := parser{source: strings.NewReader(said)}
		if r, err := p.response(); err == nil {
			t.Errorf("%q: %+v", said, r)
		}
	}
	p := parser{source: strings.NewReader("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\nX: y\n\nto the end")}
	if r, err := p.response(); err != nil || string(r.event.Payload) != "to the end" || !r.close {
		t.Errorf("%+v %v", r, err)
	}
}

type breaking struct{ io.Reader }

func (b breaking) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	if err == io.EOF {
		err = errors.New("broken\r\n")
	}
	return n, err
}

func TestStreams(t *testing.T) {
	var body []byte
	var request *http.Request
	client, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		request = r
		w.WriteHeader(202)
	})
	trailers := func(err error) (string, []byte) { return "Kind", []byte(err.Error()) }
	for _, size := range []int{0, 1, 100_000, 3 << 20} {
		sent := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		if err := client.Stream("id", "text/plain", bytes.NewReader(sent), trailers); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body, sent) || request.Header.Get("Lambda-Runtime-Function-Response-Mode") != "streaming" {
			t.Fatalf("%d bytes of %d, %v", len(body), size, request.Header)
		}
		if len(request.Trailer) > 0 && request.Trailer.Get(trailerBody) != "" {
			t.Fatal(request.Trailer)
		}
	}
	if err := client.Stream("id", "text/plain", breaking{strings.NewReader("one")}, trailers); err != nil {
		t.Fatal(err)
	}
	told, _ := base64.StdEncoding.DecodeString(request.Trailer.Get(trailerBody))
	if string(body) != "one" || request.Trailer.Get(trailerType) != "Kind" || string(told) != "broken\r\n" {
		t.Errorf("%q %v", body, request.Trailer)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestErrorsAndTheirCause(t *testing.T) {
	causes := []string{}
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		causes = append(causes, r.URL.Path+" "+r.Header.Get("Lambda-Runtime-Function-XRay-Error-Cause")+
			r.Header.Get("Lambda-Runtime-Function-Error-Type"))
		w.WriteHeader(202)
	})
	client.Fail("id", []byte("{}"), []byte("{\"message\":\"é\x7f\r\nX: y\"}"))
	client.Fail("id", []byte("{}"), make([]byte, maxCause))
	client.FailInit("Runtime.Invalid", []byte("{}"))
	wanted := "/2018-06-01/runtime/invocation/id/error {\"message\":\"é   X: y\"}|" +
		"/2018-06-01/runtime/invocation/id/error |/2018-06-01/runtime/init/error Runtime.Invalid"
	if got := strings.Join(causes, "|"); got != wanted {
		t.Error(got)
	}
}
