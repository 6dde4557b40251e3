package lambdahttp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// inspect writes what a handler sees of a request.
func inspect(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	event, _ := EventFromContext(r.Context())
	cookie, _ := r.Cookie("b")
	w.Header().Add("X-Many", "1")
	w.Header().Add("X-Many", "2")
	http.SetCookie(w, &http.Cookie{Name: "one", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "two", Value: "2"})
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusCreated)
	w.Header().Set("X-Late", "unseen")
	fmt.Fprintf(w, "%s %s %s q=%q from %s at %s cookie %v body %s context %s", r.Method, r.URL.Path, r.RequestURI,
		r.URL.Query()["q"], r.RemoteAddr, r.Host, cookie, body, event.RequestContext)
}

func serve(t *testing.T, handler http.HandlerFunc, event string) string {
	t.Helper()
	var read *Event
	if err := json.Unmarshal([]byte(event), &read); err != nil {
		t.Fatal(err)
	}
	answer, err := Wrap(handler)(context.Background(), read)
	if err != nil {
		return err.Error()
	}
	written, _ := json.Marshal(answer)
	return string(written)
}

func body(of string) string {
	return `"body":"POST /a b/ü ` + of + `"`
}

func TestFrontDoors(t *testing.T) {
	cases := map[string]struct{ event, wanted string }{
		"HTTP API or function URL": {
			`{"version":"2.0","rawPath":"/a%20b/%C3%BC","rawQueryString":"q=1&q=a%26b","cookies":["a=1","b=2"],
			  "headers":{"host":"example.com","x":"y"},"body":"aMO8","isBase64Encoded":true,
			  "requestContext":{"http":{"method":"POST","sourceIp":"1.2.3.4"},"requestId":"r"}}`,
			`{"statusCode":201,"headers":{"Content-Type":"text/plain","X-Many":"1,2"},"cookies":["one=1","two=2"],` +
				body(`/a%20b/%C3%BC?q=1\u0026q=a%26b q=[\"1\" \"a\u0026b\"] from 1.2.3.4:0 at example.com cookie b=2 body hü context `+
					`{\"http\":{\"method\":\"POST\",\"sourceIp\":\"1.2.3.4\"},\"requestId\":\"r\"}`) + `,"isBase64Encoded":false}`,
		},
		"REST API": {
			`{"httpMethod":"POST","path":"/a b/ü","headers":{"Host":"x"},"multiValueHeaders":{"Host":["example.com"],"Cookie":["b=2"]},
			  "queryStringParameters":{"q":"a&b"},"multiValueQueryStringParameters":{"q":["1","a&b"]},
			  "requestContext":{"identity":{"sourceIp":"::1"}},"body":null,"isBase64Encoded":false}`,
			`{"statusCode":201,"multiValueHeaders":{"Content-Type":["text/plain"],"Set-Cookie":["one=1","two=2"],"X-Many":["1","2"]},` +
				body(`/a%20b/%C3%BC?q=1\u0026q=a%26b q=[\"1\" \"a\u0026b\"] from [::1]:0 at example.com cookie b=2 body  context `+
					`{\"identity\":{\"sourceIp\":\"::1\"}}`) + `,"isBase64Encoded":false}`,
		},
		"load balancer": {
			`{"httpMethod":"POST","path":"/a%20b/%C3%BC","headers":{"host":"example.com","x-forwarded-for":"9.9.9.9, 1.2.3.4"},
			  "queryStringParameters":{"q":"a%26b"},"requestContext":{"elb":{}},"body":"x","isBase64Encoded":false}`,
			`{"statusCode":201,"statusDescription":"201 Created","headers":{"Content-Type":"text/plain",` +
				`"Set-cookie":"two=2","X-Many":"1,2","set-cookie":"one=1"},` +
				body(`/a%20b/%C3%BC?q=a%26b q=[\"a\u0026b\"] from 1.2.3.4:0 at example.com cookie  body x context `+
					`{\"elb\":{}}`) + `,"isBase64Encoded":false}`,
		},
		"load balancer with multi-value headers": {
			`{"httpMethod":"POST","path":"/a b/ü","multiValueHeaders":{"host":["example.com"]},
			  "multiValueQueryStringParameters":{"q":["1","2"]},"requestContext":{"elb":{}},"body":"","isBase64Encoded":false}`,
			`{"statusCode":201,"statusDescription":"201 Created",` +
				`"multiValueHeaders":{"Content-Type":["text/plain"],"Set-Cookie":["one=1","two=2"],"X-Many":["1","2"]},` +
				body(`/a%20b/%C3%BC?q=1\u0026q=2 q=[\"1\" \"2\"] from  at example.com cookie  body  context `+
					`{\"elb\":{}}`) + `,"isBase64Encoded":false}`,
		},
	}
	for name, each := range cases {
		if got := serve(t, inspect, each.event); got != each.wanted {
			t.Errorf("%s:\n got %s\nwant %s", name, got, each.wanted)
		}
	}
}

func TestEventsThatAreNoRequests(t *testing.T) {
	for _, event := range []string{
		"null", "{}", `{"Records":[]}`, `{"version":"2.0","requestContext":{}}`, `{"requestContext":{"http":{}}}`,
	} {
		if got := serve(t, inspect, event); got != errNoRequest.Error() {
			t.Errorf("%s: %s", event, got)
		}
	}
	const bad = `{"version":"2.0","requestContext":{"http":{"method":"GET"}},"body":"*","isBase64Encoded":true}`
	if got := serve(t, inspect, bad); got != "body: illegal base64 data at input byte 0" {
		t.Error(got)
	}
}

func TestBodies(t *testing.T) {
	write := func(kind, coding, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusContinue)
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			if coding != "" {
				w.Header().Set("Content-Encoding", coding)
			}
			io.WriteString(w, text)
		}
	}
	for _, each := range []struct{ kind, coding, text, wanted string }{
		{"application/json; charset=utf-8", "", "{}", `"body":"{}","isBase64Encoded":false`},
		{"application/problem+json", "", "é", `"body":"é","isBase64Encoded":false`},
		{"image/svg+xml", "", "<", `"body":"\u003c","isBase64Encoded":false`},
		{"image/png", "", "\x89PNG", `"body":"iVBORw==","isBase64Encoded":true`},
		{"text/plain", "", "\xff", `"body":"/w==","isBase64Encoded":true`},
		{"text/plain", "gzip", "abc", `"body":"YWJj","isBase64Encoded":true`},
		{"text/plain", "identity", "abc", `"body":"abc","isBase64Encoded":false`},
		{"no type", "", "abc", `"body":"YWJj","isBase64Encoded":true`},
		{"", "", "<html>", `{"Content-Type":"text/html; charset=utf-8"},"body":"\u003chtml\u003e","isBase64Encoded":false`},
		{"", "", "", `"statusCode":200,"headers":{},"body":"","isBase64Encoded":false`},
	} {
		got := serve(t, write(each.kind, each.coding, each.text), `{"version":"2.0","requestContext":{"http":{"method":"GET"}}}`)
		if !strings.Contains(got, each.wanted) {
			t.Errorf("%+v: %s", each, got)
		}
	}
	head := serve(t, write("text/plain", "", "abc"), `{"version":"2.0","requestContext":{"http":{"method":"HEAD"}}}`)
	if head != `{"statusCode":200,"headers":{"Content-Type":"text/plain"},"body":"","isBase64Encoded":false}` {
		t.Error(head)
	}
	none := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
			t.Error(err)
		}
	}, `{"httpMethod":"GET","path":"/","requestContext":{}}`)
	if none != `{"statusCode":204,"body":"","isBase64Encoded":false}` {
		t.Error(none)
	}
}

func TestTheDefaultMux(t *testing.T) {
	http.HandleFunc("/mux", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "found") })
	answer, err := Wrap(nil)(context.Background(), &Event{HTTPMethod: "GET", Path: "/mux", RequestContext: []byte("{}")})
	if err != nil || answer.(*answerV1).Body != "found" {
		t.Error(answer, err)
	}
}
