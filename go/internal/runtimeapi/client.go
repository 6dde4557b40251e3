// Package runtimeapi speaks to Lambda's Runtime API over one connection that is kept.
//
// It is HTTP/1.1 as the API needs it and no more: one request at a time, one write for each, buffers that are used again.
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"github.com/lakon/lakon-go/internal/engine"
)

const (
	invocations = "/2018-06-01/runtime/invocation/"
	initError   = "/2018-06-01/runtime/init/error"

	// JSON is the content type of events, of answers that are encoded, and of errors.
	JSON = "application/json"

	// maxCause is the size from which an error's cause for X-Ray is not sent: servers refuse larger headers.
	maxCause = 1 << 20
)

var agent = "lakon-go/" + runtime.Version()

// ErrTooLarge says that the service refused an answer for its size. It has told the caller; the next event can be asked for.
var ErrTooLarge = errors.New("the answer is larger than Lambda takes")

// Event is an invocation. Payload is valid until the next call of Next.
type Event struct {
	engine.Call
	Payload []byte
}

// Client is a connection to the Runtime API. It is not safe for concurrent use.
type Client struct {
	connection connection
	request    []byte
}

// New makes a client of the API at address, a host and a port. The connection is made when it is first needed, and holds
// a thread while it waits.
func New(address string) *Client {
	return &Client{connection: connection{address: address, dial: dialBlocking}}
}

// NewAmongMany is New for one of many clients that wait at once.
func NewAmongMany(address string) *Client {
	return &Client{connection: connection{address: address, dial: dialPolled}}
}

// Next waits for an event. Asking for it says that the invocation before is complete.
func (c *Client) Next() (Event, error) {
	c.begin("GET", invocations, "next", "")
	c.end()
	response, err := c.connection.exchange(c.request, nil)
	if err != nil {
		return Event{}, fmt.Errorf("cannot get the next event: %w", err)
	}
	if response.status != 200 {
		return Event{}, fmt.Errorf("cannot get the next event: the Runtime API answered %d: %s", response.status, response.event.Payload)
	}
	return response.event, nil
}

// Respond answers an event. The error is ErrTooLarge when the answer is.
func (c *Client) Respond(id, contentType string, body []byte) error {
	c.begin("POST", invocations, id, "/response")
	c.header("Content-Type", contentType)
	return c.post(body)
}

// Fail answers an event with an error, as JSON, and tells X-Ray its cause, also JSON.
func (c *Client) Fail(id string, body, cause []byte) error {
	c.begin("POST", invocations, id, "/error")
	c.header("Content-Type", JSON)
	if len(cause) < maxCause {
		c.header("Lambda-Runtime-Function-XRay-Error-Cause", string(cause))
	}
	return c.post(body)
}

// FailInit says why no event will ever be asked for. kind is for example Runtime.InvalidEntrypoint.
func (c *Client) FailInit(kind string, body []byte) error {
	c.begin("POST", initError, "", "")
	c.header("Content-Type", JSON)
	c.header("Lambda-Runtime-Function-Error-Type", kind)
	return c.post(body)
}

// RegisterExtension registers an internal extension for no events and gives its identifier.
func (c *Client) RegisterExtension(name string) (string, error) {
	c.begin("POST", "/2020-01-01/extension/register", "", "")
	c.header("Lambda-Extension-Name", name)
	c.header("Content-Type", JSON)
	response, err := c.send([]byte(`{"events":[]}`))
	if err != nil {
		return "", err
	}
	if response.status != 200 {
		return "", fmt.Errorf("the Extensions API answered %d: %s", response.status, response.event.Payload)
	}
	return response.extension, nil
}

// AwaitExtensionEvent waits for the next event of an extension: for ever, when it asked for none.
func (c *Client) AwaitExtensionEvent(identifier string) error {
	c.begin("GET", "/2020-01-01/extension/event/next", "", "")
	c.header("Lambda-Extension-Identifier", identifier)
	c.end()
	_, err := c.connection.exchange(c.request, nil)
	return err
}

func (c *Client) begin(method, path, id, action string) {
	c.request = append(c.request[:0], method...)
	c.request = append(c.request, ' ')
	c.request = append(c.request, path...)
	c.request = append(c.request, id...)
	c.request = append(c.request, action...)
	c.request = append(c.request, " HTTP/1.1\r\n"...)
	c.header("Host", c.connection.address)
	c.header("User-Agent", agent)
}

// header adds a field. What would end it early, or is no text, becomes a space.
func (c *Client) header(name, value string) {
	c.request = append(c.request, name...)
	c.request = append(c.request, ": "...)
	for i := 0; i < len(value); i++ {
		b := value[i]
		if b < ' ' || b == 0x7f {
			b = ' '
		}
		c.request = append(c.request, b)
	}
	c.request = append(c.request, "\r\n"...)
}

func (c *Client) end() {
	c.request = append(c.request, "\r\n"...)
}

func (c *Client) send(body []byte) (response, error) {
	c.request = append(c.request, "Content-Length: "...)
	c.request = strconv.AppendInt(c.request, int64(len(body)), 10)
	c.request = append(c.request, "\r\n\r\n"...)
	return c.connection.exchange(c.request, body)
}

func (c *Client) post(body []byte) error {
	response, err := c.send(body)
	return accepted(response, err)
}

func accepted(response response, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("cannot answer the event: %w", err)
	case response.status == 413:
		return ErrTooLarge
	case response.status != 202:
		return fmt.Errorf("cannot answer the event: the Runtime API answered %d: %s", response.status, response.event.Payload)
	}
	return nil
}

// Trailers are what stands behind a stream that broke: the type of the error, and its JSON.
type Trailers func(error) (kind string, body []byte)

// Stream answers an event with what the reader gives, as it comes. An error of the reader ends the stream; `trailers`
// words it for the service.
func (c *Client) Stream(id, contentType string, reader io.Reader, trailers Trailers) error {
	c.begin("POST", invocations, id, "/response")
	c.header("Content-Type", contentType)
	c.header("Lambda-Runtime-Function-Response-Mode", "streaming")
	c.header("Transfer-Encoding", "chunked")
	c.header("Trailer", trailerType+", "+trailerBody)
	c.end()
	return accepted(c.connection.stream(c.request, reader, trailers))
}
