// Package engine is the door between lambda.Start and what runs the program: the Runtime API, a Python parent, or a
// process that has loaded the program as a library.
package engine

// Status says what an answer is. The numbers are those of the frames and of the library's calls.
type Status uint32

const (
	// Response is an answer, or the end of one that came in chunks.
	Response Status = iota
	// Failed is an error that the handler returned, as JSON.
	Failed
	// Panicked is a panic, or an error that asks for the end of the process, as JSON.
	Panicked
	// Chunk is a part of an answer; more follows.
	Chunk
	// Type is the content type of an answer that follows in chunks.
	Type
)

// Call is what an invocation says beside its payload. What is not known is empty.
type Call struct {
	RequestID, Deadline, FunctionARN, TraceID, ClientContext, CognitoIdentity, TenantID string
}

// Program answers calls by the name of the handler; the empty name is the handler given to lambda.Start. `give` gets the
// answer, which is valid during that call.
type Program interface {
	Invoke(name string, call *Call, payload []byte, give func(Status, []byte))
}

// Library takes the program in a process that has loaded it; lambda.Start calls it when it is not nil. A program that
// cannot be started is nil, and `failure` is the JSON that says why.
var Library func(program Program, failure []byte)

var onEnvironment []func()

// OnEnvironment runs load now, and again when the environment of a library arrives, which is after its packages' init.
func OnEnvironment(load func()) {
	onEnvironment = append(onEnvironment, load)
	load()
}

// EnvironmentArrived runs again what OnEnvironment was given.
func EnvironmentArrived() {
	for _, load := range onEnvironment {
		load()
	}
}
