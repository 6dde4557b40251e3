package lambda

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/lakon/lakon-go/internal/engine"
)

// sidecarVariable holds the number of the descriptor on which a Python parent sends calls and awaits answers.
//
// The parent sends: the size of the header and of the payload (32 bits each, big-endian), the header (see
// engine.ParseHeader), the payload. It gets: a status and the size of the body (32 bits each), the body. The first answer
// comes unasked: it is empty when the program is ready, or says why it is not.
const sidecarVariable = "LAKON_SIDECAR_FD"

// frameHead is the size of the two numbers before a frame.
const frameHead = 8

// sidecar is the connection to the parent.
type sidecar struct {
	pipe             io.ReadWriteCloser
	reading, writing []byte
}

// startSidecar serves the parent, and returns why it no longer can. The end of the parent is the end of the process.
func startSidecar(program *program, err error) error {
	descriptor, wrong := strconv.ParseUint(os.Getenv(sidecarVariable), 10, 31)
	if wrong != nil {
		return fmt.Errorf("%s is no file descriptor: %w", sidecarVariable, wrong)
	}
	os.Unsetenv(sidecarVariable) // it is not for the children of this process, nor is the descriptor
	closeOnExec(uintptr(descriptor))
	s := &sidecar{pipe: os.NewFile(uintptr(descriptor), "sidecar"), reading: make([]byte, 16<<10)}
	var handler *bound
	if err == nil {
		handler, err = program.chosen()
	}
	if err != nil {
		s.send(engine.Failed, encodeError(initError(err)))
		return err
	}
	end := program.enableSIGTERM(nothing)
	if err := s.send(engine.Response, nil); err != nil {
		return err
	}
	if err := s.loop(handler); err != io.EOF {
		return err
	}
	end()
	os.Exit(0)
	return nil
}

// loop returns io.EOF when the parent has closed its end.
func (s *sidecar) loop(handler *bound) error {
	for {
		header, payload, err := s.receive()
		if err != nil {
			return err
		}
		failure, err := handler.invoke(engine.ParseHeader(header), payload, s.deliver)
		if err != nil {
			return err
		}
		if failure == nil {
			continue
		}
		if err := s.send(failure.status(), encodeError(failure)); err != nil {
			return err
		}
		if failure.ShouldExit {
			return errPanicked
		}
	}
}

func (s *sidecar) deliver(a answer) error {
	if a.stream == nil {
		return s.send(engine.Response, a.body)
	}
	s.frame(engine.Type, len(a.contentType))
	s.writing = append(s.writing, a.contentType...) // goes with what is sent first
	chunk := make([]byte, 32<<10)
	for {
		n, broken := a.stream.Read(chunk)
		if n > 0 {
			if err := s.send(engine.Chunk, chunk[:n]); err != nil {
				return err
			}
		}
		if broken == io.EOF {
			return s.send(engine.Response, nil)
		}
		if broken != nil {
			failure := newError(broken)
			return s.send(failure.status(), encodeError(failure))
		}
	}
}

// receive reads a call into the buffer: mostly with one read.
func (s *sidecar) receive() (header, payload []byte, err error) {
	read, err := io.ReadAtLeast(s.pipe, s.reading, frameHead)
	if err != nil {
		return nil, nil, err
	}
	headerSize := int(binary.BigEndian.Uint32(s.reading))
	size := frameHead + headerSize + int(binary.BigEndian.Uint32(s.reading[4:]))
	if size > len(s.reading) {
		larger := make([]byte, size)
		copy(larger, s.reading[:read])
		s.reading = larger
	}
	if read < size {
		if _, err := io.ReadFull(s.pipe, s.reading[read:size]); err != nil {
			return nil, nil, err
		}
	}
	call := s.reading[frameHead:size]
	return call[:headerSize], call[headerSize:], nil
}

// send writes a frame: with one write when it is small.
func (s *sidecar) send(status engine.Status, body []byte) error {
	s.frame(status, len(body))
	small := len(body) <= 64<<10
	if small {
		s.writing = append(s.writing, body...)
	}
	_, err := s.pipe.Write(s.writing)
	s.writing = s.writing[:0]
	if err == nil && !small {
		_, err = s.pipe.Write(body)
	}
	return err
}

// frame begins one.
func (s *sidecar) frame(status engine.Status, size int) {
	s.writing = binary.BigEndian.AppendUint32(s.writing, uint32(status))
	s.writing = binary.BigEndian.AppendUint32(s.writing, uint32(size))
}
