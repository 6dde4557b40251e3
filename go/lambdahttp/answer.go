package lambdahttp

import (
	"bytes"
	"encoding/base64"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// writer collects a response as net/http would send it.
type writer struct {
	header http.Header
	sent   http.Header
	status int
	body   bytes.Buffer
	silent bool // the answer of HEAD has no body
}

func (w *writer) Header() http.Header {
	return w.header
}

// WriteHeader takes the first status that is final, and the headers as they are then.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *writer) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	if w.body.Len() == 0 && w.sent.Get("Content-Type") == "" && w.sent.Get("Content-Encoding") == "" && len(data) > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(data))
	}
	if w.silent {
		return len(data), nil
	}
	return w.body.Write(data)
}

// answer of an HTTP API or a function URL.
type answerV2 struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies,omitempty"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// answer of a REST API or a load balancer.
type answerV1 struct {
	StatusCode        int                 `json:"statusCode"`
	StatusDescription string              `json:"statusDescription,omitempty"`
	Headers           map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

func (w *writer) answer(door door) any {
	w.WriteHeader(http.StatusOK)
	body, encoded := w.text()
	if door == httpAPI {
		cookies := w.sent.Values("Set-Cookie")
		w.sent.Del("Set-Cookie")
		return &answerV2{w.status, joined(w.sent), cookies, body, encoded}
	}
	answer := &answerV1{StatusCode: w.status, Body: body, IsBase64Encoded: encoded}
	if door != restAPI {
		answer.StatusDescription = strings.TrimSpace(strconv.Itoa(w.status) + " " + http.StatusText(w.status))
	}
	if door != balancer {
		answer.MultiValueHeaders = w.sent
		return answer
	}
	cookies := w.sent.Values("Set-Cookie")
	w.sent.Del("Set-Cookie")
	answer.Headers = joined(w.sent)
	for i, cookie := range cookies {
		answer.Headers[spelled("set-cookie", i)] = cookie
	}
	return answer
}

func joined(header http.Header) map[string]string {
	single := make(map[string]string, len(header))
	for name, values := range header {
		single[name] = strings.Join(values, ",")
	}
	return single
}

// spelled gives the name in its nth spelling: a load balancer without multi-value headers takes one value of a name, but
// several names that differ in case, and cookies cannot be joined.
func spelled(name string, n int) string {
	letters := []byte(name)
	for i := range letters {
		if letters[i] == '-' {
			continue
		}
		if n&1 == 1 {
			letters[i] -= 'a' - 'A'
		}
		n >>= 1
	}
	return string(letters)
}

// text gives the body, in base64 when it is not text.
func (w *writer) text() (body string, encoded bool) {
	data := w.body.Bytes()
	if isText(w.sent) && utf8.Valid(data) {
		return string(data), false
	}
	return base64.StdEncoding.EncodeToString(data), true
}

func isText(header http.Header) bool {
	if coding := header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return false
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return header.Get("Content-Type") == ""
	}
	switch {
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "+json"), strings.HasSuffix(kind, "+xml"):
		return true
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/ecmascript",
		"application/x-www-form-urlencoded", "application/yaml", "application/graphql", "application/x-ndjson":
		return true
	}
	return false
}
