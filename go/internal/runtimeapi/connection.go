package runtimeapi

import (
	"encoding/base64"
	"io"
	"net"
)

const (
	trailerType = "Lambda-Runtime-Function-Error-Type"
	trailerBody = "Lambda-Runtime-Function-Error-Body"

	// oneWrite is the size up to which a body is copied behind its head, so that one write sends both.
	oneWrite = 64 << 10

	// chunkRoom is the size of a chunk's head: eight hexadecimal digits and the end of the line.
	chunkRoom = 10
)

// connection is a TCP connection that is made anew when the server has closed it.
type connection struct {
	address string
	dial    func(address string) (io.ReadWriteCloser, error)
	socket  io.ReadWriteCloser
	reading parser
	writing []byte
	chunk   []byte
}

// exchange sends a request and reads its response. A request that met the end of a kept connection is sent once more.
func (c *connection) exchange(head, body []byte) (response, error) {
	kept := c.socket != nil
	response, err := c.attempt(head, body)
	if err != nil && kept && !c.reading.begun {
		return c.attempt(head, body)
	}
	return response, err
}

func (c *connection) attempt(head, body []byte) (response, error) {
	if err := c.open(); err != nil {
		return response{}, err
	}
	return c.receive(c.write(head, body))
}

func (c *connection) open() error {
	if c.socket != nil {
		return nil
	}
	socket, err := c.dial(c.address)
	if err != nil {
		return err
	}
	c.socket = socket
	c.reading.source = socket
	return nil
}

// dialPolled gives a socket that Go's poller waits for.
func dialPolled(address string) (io.ReadWriteCloser, error) {
	return net.Dial("tcp", address)
}

func (c *connection) close() {
	c.socket.Close()
	c.socket = nil
}

func (c *connection) write(head, body []byte) error {
	if len(body) <= oneWrite {
		c.writing = append(append(c.writing[:0], head...), body...)
		_, err := c.socket.Write(c.writing)
		return err
	}
	if _, err := c.socket.Write(head); err != nil {
		return err
	}
	_, err := c.socket.Write(body)
	return err
}

// receive reads the response, also when the request could not be sent to its end: the server may have refused it early.
func (c *connection) receive(sent error) (response, error) {
	response, err := c.reading.response()
	if err != nil || sent != nil || response.close {
		c.close()
	}
	if err != nil && sent != nil {
		return response, sent
	}
	return response, err
}

// stream sends what the reader gives in chunks, each with one write; the head goes with the first.
func (c *connection) stream(head []byte, reader io.Reader, trailers Trailers) (response, error) {
	if err := c.open(); err != nil {
		return response{}, err
	}
	if c.chunk == nil {
		c.chunk = make([]byte, 32<<10)
	}
	pending := append(c.writing[:0], head...)
	room := c.chunk[chunkRoom : len(c.chunk)-2]
	for {
		n, broken := reader.Read(room)
		if n > 0 {
			pending = append(pending, c.framed(n)...)
			if _, err := c.socket.Write(pending); err != nil {
				return c.receive(err)
			}
			pending = pending[:0]
		}
		if broken != nil {
			_, err := c.socket.Write(ending(pending, broken, trailers))
			return c.receive(err)
		}
	}
}

// framed puts the head and the end of a chunk around the n bytes that stand in its room.
func (c *connection) framed(n int) []byte {
	const digits = "0123456789abcdef"
	for i, rest := chunkRoom-3, n; i >= 0; i, rest = i-1, rest>>4 {
		c.chunk[i] = digits[rest&15]
	}
	copy(c.chunk[chunkRoom-2:], "\r\n")
	copy(c.chunk[chunkRoom+n:], "\r\n")
	return c.chunk[:chunkRoom+n+2]
}

// ending is the last chunk, and the trailers that tell of an error.
func ending(after []byte, broken error, trailers Trailers) []byte {
	after = append(after, "0\r\n"...)
	if broken != io.EOF {
		kind, body := trailers(broken)
		after = append(after, trailerType+": "+kind+"\r\n"...)
		after = append(after, trailerBody+": "+base64.StdEncoding.EncodeToString(body)+"\r\n"...)
	}
	return append(after, "\r\n"...)
}
