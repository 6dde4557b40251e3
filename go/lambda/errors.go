package lambda

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
)

// Error is an error as Lambda tells it. A handler that returns one decides all of what the caller gets; every other error
// is told with its text, and with its type's name as errorType.
type Error struct {
	Message    string        `json:"errorMessage"`
	Type       string        `json:"errorType"`
	StackTrace []*StackFrame `json:"stackTrace,omitempty"`

	// ShouldExit asks for a new process for the next event.
	ShouldExit bool `json:"-"`
}

// StackFrame is one line of a stack.
type StackFrame struct {
	Path  string `json:"path"`
	Line  int32  `json:"line"`
	Label string `json:"label"`
}

func (e Error) Error() string {
	return e.Message
}

func newError(err error) *Error {
	switch err := err.(type) {
	case Error:
		return &err
	case *Error:
		if err != nil {
			return err
		}
	}
	return &Error{Message: err.Error(), Type: typeName(err)}
}

// newPanic must be called by the deferred function that recovered the value.
func newPanic(value any) *Error {
	switch value := value.(type) {
	case Error:
		return &value
	case *Error:
		if value != nil {
			return value
		}
	}
	return &Error{Message: fmt.Sprint(value), Type: typeName(value), StackTrace: stack(), ShouldExit: true}
}

// typeName is the name of a type without its package, or of what it points to.
func typeName(value any) string {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

func initError(err error) *Error {
	return &Error{Message: err.Error(), Type: "Runtime.InvalidHandler"}
}

func encodeError(e *Error) []byte {
	encoded, _ := json.Marshal(e) // strings and numbers: nothing that can fail
	return encoded
}

const maxFrames = 32

// stack gives the frames from the panic down to the handler: the user's, without those that brought the event there.
func stack() []*StackFrame {
	var counters [maxFrames + 8]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters[:])])
	var kept []*StackFrame
	for more := true; more && len(kept) < maxFrames; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "github.com/lakon/lakon-go/lambda."):
			if len(kept) > 0 {
				return handlers(kept)
			}
		case len(kept) > 0 || !strings.HasPrefix(frame.Function, "runtime."):
			kept = append(kept, newFrame(frame))
		}
	}
	return handlers(kept)
}

// handlers leaves out the frames at the end by which package reflect has called the handler.
func handlers(frames []*StackFrame) []*StackFrame {
	for len(frames) > 1 && strings.HasPrefix(frames[len(frames)-1].Path, "reflect/") {
		frames = frames[:len(frames)-1]
	}
	return frames
}

// newFrame tells the file from its import path on: as many of its last parts as the function's name has, and the file.
func newFrame(frame runtime.Frame) *StackFrame {
	path, label := frame.File, frame.Function
	from := len(path)
	for parts := strings.Count(label, "/") + 2; parts > 0 && from >= 0; parts-- {
		from = strings.LastIndexByte(path[:from], '/')
	}
	label = label[strings.LastIndexByte(label, '/')+1:]
	label = label[strings.IndexByte(label, '.')+1:]
	return &StackFrame{Path: path[from+1:], Line: int32(frame.Line), Label: label}
}

// guarded makes an error of a panic in a reader, so that it is told.
type guarded struct {
	io.Reader
	panicked *Error
}

func (g *guarded) Read(into []byte) (n int, err error) {
	defer func() {
		if value := recover(); value != nil {
			g.panicked = newPanic(value)
			err = g.panicked
		}
	}()
	return g.Reader.Read(into)
}

type cause struct {
	WorkingDirectory string           `json:"working_directory"`
	Exceptions       []causeException `json:"exceptions"`
	Paths            []string         `json:"paths"`
}

type causeException struct {
	Type    string        `json:"type"`
	Message string        `json:"message"`
	Stack   []*StackFrame `json:"stack"`
}

// encodeCause tells X-Ray of an error.
func encodeCause(e *Error) []byte {
	exception := causeException{e.Type, e.Message, e.StackTrace}
	if exception.Stack == nil {
		exception.Stack = []*StackFrame{}
	}
	told := cause{Exceptions: []causeException{exception}, Paths: []string{}}
	told.WorkingDirectory, _ = os.Getwd()
	seen := map[string]bool{}
	for _, frame := range e.StackTrace {
		if !seen[frame.Path] {
			seen[frame.Path] = true
			told.Paths = append(told.Paths, frame.Path)
		}
	}
	encoded, _ := json.Marshal(told) // as above
	return encoded
}
