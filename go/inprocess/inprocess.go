// Package inprocess is how a process that has loaded a program as a library calls it. The exported C functions that the
// build adds to the program (see ../glue) hand everything to it; programs do not use it.
package inprocess

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/lakon/lakon-go/internal/engine"
)

var (
	starting sync.Mutex
	program  engine.Program
)

// started is what becomes of main: a program, or the JSON of an error.
type started struct {
	program engine.Program
	failure []byte
}

// Start sets the environment, runs main, and waits until main calls lambda.Start. The environment is lines of NAME=value,
// each ended by NUL: Go knows that of the process as it was when it began. It gives nothing, or an error as JSON. Once it
// has succeeded, it does nothing.
func Start(environment []byte, main func()) []byte {
	starting.Lock()
	defer starting.Unlock()
	if program != nil {
		return nil
	}
	for _, line := range strings.Split(string(environment), "\x00") {
		if name, value, ok := strings.Cut(line, "="); ok {
			engine.SetEnvironment(name, value)
		}
	}
	os.Args = os.Args[:min(len(os.Args), 1)] // they are those of the process
	engine.EnvironmentArrived()
	came := make(chan started, 2)
	engine.Library = func(program engine.Program, failure []byte) { came <- started{program, failure} }
	go run(main, came)
	first := <-came
	program = first.program
	return first.failure
}

// run tells of a main that does not reach lambda.Start.
func run(main func(), came chan<- started) {
	defer func() {
		if value := recover(); value != nil {
			came <- failed("Runtime.InitPanic", fmt.Sprintf("main panicked: %v", value))
		} else {
			came <- failed("Runtime.InvalidEntrypoint", "main ended without a call of lambda.Start")
		}
	}()
	main()
}

func failed(kind, message string) started {
	told, _ := json.Marshal(struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{message, kind}) // strings: nothing that can fail
	return started{failure: told}
}

// Invoke calls a handler by name on the goroutine that calls it; the empty name is the handler given to lambda.Start. The
// header is that of engine.ParseHeader. `give` gets the status and the answer, which is valid during that call.
func Invoke(name string, header, payload []byte, give func(status int, body []byte)) {
	program.Invoke(name, engine.ParseHeader(header), payload, func(status engine.Status, body []byte) {
		give(int(status), body)
	})
}
