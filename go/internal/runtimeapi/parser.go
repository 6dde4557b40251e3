package runtimeapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

var errMalformed = errors.New("malformed HTTP response")

// response is what the API answered. The body stands in the event's payload.
type response struct {
	status    int
	close     bool
	extension string
	event     Event

	length  int
	chunked bool
}

// parser reads responses into one buffer: the head, the body behind it. What is read is buffer[start:end].
type parser struct {
	source     io.Reader
	buffer     []byte
	start, end int
	begun      bool // something of the response has come
}

// response reads a response to its end; 1xx are passed over.
func (p *parser) response() (response, error) {
	p.begun = false
	p.start, p.end = 0, 0
	for {
		r, err := p.head()
		if err != nil {
			return r, err
		}
		if r.status >= 200 {
			r.event.Payload, err = p.body(&r)
			return r, err
		}
	}
}

// fill reads more behind what is there; the buffer grows when it is full.
func (p *parser) fill() error {
	if p.end == len(p.buffer) {
		p.grow(max(2*len(p.buffer), 16<<10))
	}
	n, err := p.source.Read(p.buffer[p.end:])
	p.end += n
	p.begun = p.begun || n > 0
	if n > 0 {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (p *parser) grow(size int) {
	larger := make([]byte, size)
	copy(larger, p.buffer[:p.end])
	p.buffer = larger
}

// line gives the next line without its end.
func (p *parser) line() ([]byte, error) {
	for seen := p.start; ; {
		if i := bytes.IndexByte(p.buffer[seen:p.end], '\n'); i >= 0 {
			line := bytes.TrimSuffix(p.buffer[p.start:seen+i], []byte("\r"))
			p.start = seen + i + 1
			return line, nil
		}
		seen = p.end
		if err := p.fill(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) head() (response, error) {
	r := response{length: -1}
	line, err := p.line()
	if err != nil {
		return r, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return r, fmt.Errorf("%w: %q", errMalformed, line)
	}
	r.close = line[7] == '0'
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return r, fmt.Errorf("%w: %q", errMalformed, line)
	}
	for {
		line, err := p.line()
		if err != nil || len(line) == 0 {
			return r, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if err := r.field(lower(name), bytes.TrimSpace(value)); err != nil {
			return r, err
		}
	}
}

func lower(name []byte) []byte {
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			name[i] = b | 0x20
		}
	}
	return name
}

// field keeps the headers that mean something here.
func (r *response) field(name, value []byte) (err error) {
	switch string(name) {
	case "content-length":
		r.length, err = strconv.Atoi(string(value))
		if err != nil || r.length < 0 {
			return fmt.Errorf("%w: Content-Length %q", errMalformed, value)
		}
	case "transfer-encoding":
		r.chunked = bytes.EqualFold(value, []byte("chunked"))
	case "connection":
		r.close = bytes.EqualFold(value, []byte("close"))
	case "lambda-runtime-aws-request-id":
		r.event.RequestID = string(value)
	case "lambda-runtime-deadline-ms":
		r.event.Deadline = string(value)
	case "lambda-runtime-invoked-function-arn":
		r.event.FunctionARN = string(value)
	case "lambda-runtime-trace-id":
		r.event.TraceID = string(value)
	case "lambda-runtime-client-context":
		r.event.ClientContext = string(value)
	case "lambda-runtime-cognito-identity":
		r.event.CognitoIdentity = string(value)
	case "lambda-runtime-aws-tenant-id":
		r.event.TenantID = string(value)
	case "lambda-extension-identifier":
		r.extension = string(value)
	}
	return nil
}

func (p *parser) body(r *response) ([]byte, error) {
	switch {
	case r.status == 204 || r.status == 304:
		return nil, nil
	case r.chunked:
		return p.chunks()
	case r.length >= 0:
		return p.take(r.length)
	}
	r.close = true
	return p.rest()
}

// take gives the next n bytes.
func (p *parser) take(n int) ([]byte, error) {
	if missing := p.start + n - len(p.buffer); missing > 0 {
		p.grow(p.start + n)
	}
	for p.end-p.start < n {
		if err := p.fill(); err != nil {
			return nil, err
		}
	}
	p.start += n
	return p.buffer[p.start-n : p.start], nil
}

// rest gives all that comes until the server closes the connection.
func (p *parser) rest() ([]byte, error) {
	for {
		switch err := p.fill(); err {
		case nil:
		case io.ErrUnexpectedEOF:
			return p.buffer[p.start:p.end], nil
		default:
			return nil, err
		}
	}
}

// chunks joins the chunks of a body where the first of them stands, and passes over trailers.
func (p *parser) chunks() ([]byte, error) {
	body, joined := p.start, p.start
	for {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if err != nil {
			return nil, fmt.Errorf("%w: chunk of size %q", errMalformed, digits)
		}
		if size == 0 {
			break
		}
		chunk, err := p.take(int(size))
		if err != nil {
			return nil, err
		}
		joined += copy(p.buffer[joined:], chunk)
		if _, err := p.line(); err != nil {
			return nil, err
		}
	}
	for {
		if line, err := p.line(); err != nil || len(line) == 0 {
			return p.buffer[body:joined], err
		}
	}
}
