package lambda

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lakon/lakon-go/internal/engine"
	"github.com/lakon/lakon-go/internal/runtimeapi"
	"github.com/lakon/lakon-go/lambdacontext"
)

// service is a Runtime API that has some events, and keeps what it is told.
type service struct {
	events []string
	header http.Header
	status int
	told   []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == "POST" {
		body, _ := io.ReadAll(r.Body)
		s.told = append(s.told, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]+" "+string(body))
		w.WriteHeader(s.status)
		return
	}
	if len(s.events) == 0 {
		w.WriteHeader(500)
		return
	}
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
	io.WriteString(w, s.events[0])
	s.events = s.events[1:]
}

func (s *service) run(t *testing.T, handler any) error {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	bound, err := bind(handler, nil)
	if err != nil {
		t.Fatal(err)
	}
	return loop(runtimeapi.New(server.Listener.Addr().String()), bound)
}

func byEvent(event string) (any, error) {
	switch event {
	case "panic":
		panic("oh")
	case "fail":
		return nil, errors.New("failed")
	case "stream":
		return strings.NewReader("streamed"), nil
	case "break":
		return &panicking{}, nil
	}
	return event, nil
}

type panicking struct{}

func (*panicking) Read(into []byte) (int, error) { panic("in the stream") }

func TestLoopEndsWithAPanic(t *testing.T) {
	s := &service{events: []string{`"a"`, `"fail"`, `"stream"`, `"b"`, `"panic"`, `"c"`}, status: 202}
	err := s.run(t, byEvent)
	if !errors.Is(err, errPanicked) || len(s.events) != 1 {
		t.Error(err, s.events)
	}
	told := strings.Join(s.told, "|")
	wanted := `response "a"|error {"errorMessage":"failed","errorType":"errorString"}|response streamed|response "b"|` +
		`error {"errorMessage":"oh","errorType":"string"`
	if !strings.HasPrefix(told, wanted) {
		t.Error(told)
	}
}

func TestLoopEndsWithAPanicInAStream(t *testing.T) {
	s := &service{events: []string{`"break"`, `"c"`}, status: 202}
	if err := s.run(t, byEvent); !errors.Is(err, errPanicked) || len(s.events) != 1 {
		t.Error(err, s.events)
	}
}

func TestLoopEndsWhenTheServiceIsWrong(t *testing.T) {
	for status, ends := range map[int]bool{200: true, 400: true, 403: true, 413: false, 500: true} {
		s := &service{events: []string{`"a"`, `"b"`}, status: status}
		if err := s.run(t, byEvent); err == nil || (len(s.events) == 1) != ends {
			t.Error(status, err, s.events)
		}
	}
}

func TestContext(t *testing.T) {
	var wait sync.WaitGroup
	inspect := func(ctx context.Context) (string, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		for i := 0; i < 100; i++ {
			wait.Add(1)
			go func() {
				defer wait.Done()
				if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) <= 0 || lc.AwsRequestID != "id" {
					t.Error(deadline, ok)
				}
			}()
		}
		wait.Wait()
		return fmt.Sprint(lc.InvokedFunctionArn, lc.Identity, lc.ClientContext.Custom, lc.TenantID,
			ctx.Value("x-amzn-trace-id"), os.Getenv("_X_AMZN_TRACE_ID")), nil
	}
	s := &service{events: []string{"{}"}, status: 202, header: http.Header{}}
	for name, value := range map[string]string{
		"Deadline-Ms": fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()), "Invoked-Function-Arn": "arn",
		"Trace-Id": "Root=1", "Client-Context": `{"custom":{"a":"é","b":{"c":1}}}`,
		"Cognito-Identity": `{"cognitoIdentityId":"me","cognitoIdentityPoolId":"pool"}`, "Aws-Tenant-Id": "tenant",
	} {
		s.header.Set("Lambda-Runtime-"+name, value)
	}
	t.Setenv("_X_AMZN_TRACE_ID", "")
	s.run(t, inspect)
	if got := strings.Join(s.told, ""); got != `response "arn{me pool} map[a:é b:{\"c\":1}]tenantRoot=1Root=1"` {
		t.Error(got)
	}
	for name, wanted := range map[string]string{
		"Deadline-Ms": "failed to parse deadline", "Client-Context": "failed to unmarshal client context json",
		"Cognito-Identity": "failed to unmarshal cognito identity json",
	} {
		s := &service{events: []string{"{}"}, status: 202, header: http.Header{}}
		s.header.Set("Lambda-Runtime-"+name, "{")
		s.run(t, inspect)
		if got := strings.Join(s.told, ""); !strings.Contains(got, wanted) {
			t.Error(got)
		}
	}
}

func TestInvocationsBesideEachOther(t *testing.T) {
	const many = 4
	defer engine.EnvironmentArrived()
	t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", fmt.Sprint(many))
	t.Setenv("_X_AMZN_TRACE_ID", "")
	engine.EnvironmentArrived()
	events, answers := make(chan int, many), make(chan string, many)
	for i := 0; i < many; i++ {
		events <- i
	}
	// The server is never closed: the loops would end the process.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(202)
			answers <- string(body)
			return
		}
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1")
		fmt.Fprint(w, <-events)
	}))
	var met sync.WaitGroup
	met.Add(many)
	p, _ := newProgram(func(ctx context.Context, number int) (string, error) {
		met.Done()
		met.Wait() // for the others
		return fmt.Sprint(number, ctx.Value("x-amzn-trace-id"), os.Getenv("_X_AMZN_TRACE_ID")), nil
	}, nil)
	go startRuntime(server.Listener.Addr().String(), p, nil)
	seen := map[string]bool{}
	for i := 0; i < many; i++ {
		seen[<-answers] = true
	}
	if len(seen) != many || !seen[`"0Root=1"`] {
		t.Error(seen)
	}
}

// parent is the other end of a sidecar.
type parent struct {
	*testing.T
	net.Conn
}

func (p *parent) send(payload string) {
	header := "id\x00\x00arn\x00\x00\x00\x00\x00key\x00secret\x00token"
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
	p.Write([]byte(string(frame) + header + payload))
}

func (p *parent) receive() (engine.Status, string) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(p.Conn, head); err != nil {
		p.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[4:]))
	io.ReadFull(p.Conn, body)
	return engine.Status(binary.BigEndian.Uint32(head)), string(body)
}

func TestSidecar(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "old")
	ours, theirs := net.Pipe()
	p := &parent{t, theirs}
	bound, _ := bind(byEvent, nil)
	ended := make(chan error)
	s := &sidecar{pipe: ours, reading: make([]byte, 64)}
	go func() { ended <- s.loop(bound) }()
	large := `"` + strings.Repeat("x", 200_000) + `"`
	for _, each := range []string{
		`"a"`, `0 "a"`, `"fail"`, `1 {"errorMessage":"failed","errorType":"errorString"}`, large, "0 " + large, `"b"`, `0 "b"`,
		`"stream"`, "4 application/octet-stream", "3 streamed",
	} {
		if status, wanted, _ := strings.Cut(each, " "); wanted == "" {
			go p.send(each)
		} else if gotStatus, got := p.receive(); fmt.Sprint(gotStatus) != status || got != wanted {
			t.Fatalf("%d %.100s", gotStatus, got)
		}
	}
	if status, rest := p.receive(); status != engine.Response || rest != "" {
		t.Error(status, rest)
	}
	if key := os.Getenv("AWS_ACCESS_KEY_ID"); key != "key" {
		t.Error(key)
	}
	go p.send(`"panic"`)
	if status, told := p.receive(); status != engine.Panicked || !strings.Contains(told, `"oh"`) {
		t.Error(status, told)
	}
	if err := <-ended; !errors.Is(err, errPanicked) {
		t.Error(err)
	}
	go func() { ended <- s.loop(bound) }()
	p.Close()
	if err := <-ended; err != io.EOF {
		t.Error(err)
	}
}

func TestLibrary(t *testing.T) {
	p, _ := newProgram(byEvent, nil)
	for name, wanted := range map[string]string{
		"a": `0 "a"`, "stream": "0 streamed", "fail": `1 {"errorMessage":"failed"`, "panic": `2 {"errorMessage":"oh"`,
		"break": `2 {"errorMessage":"in the stream"`,
	} {
		p.Invoke("", &engine.Call{}, []byte(`"`+name+`"`), func(status engine.Status, body []byte) {
			if got := fmt.Sprint(status, " ", string(body)); !strings.HasPrefix(got, wanted) {
				t.Error(got)
			}
		})
	}
	p.Invoke("other", &engine.Call{}, nil, func(status engine.Status, body []byte) {
		if status != engine.Failed || !strings.Contains(string(body), `no handler \"other\"`) {
			t.Error(status, string(body))
		}
	})
}
