package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lakon/lakon-go/internal/engine"
	"github.com/lakon/lakon-go/lambdacontext"
)

type registration struct {
	name    string
	handler any
	options []Option
}

var registered []registration

// program is the handlers by name; Start's own has the empty name.
type program struct {
	handlers map[string]*bound
}

// bound is a handler with its settings.
type bound struct {
	*settings
	function function
	encoders sync.Pool
	told     atomic.Pointer[told]
}

// told is what the context of a call carries. A library gets many calls of one invocation.
type told struct {
	call     *engine.Call
	ctx      context.Context
	deadline time.Time // zero for none
}

func newProgram(handler any, options []Option) (*program, error) {
	p := &program{map[string]*bound{}}
	all := registered
	if handler != nil || len(registered) == 0 {
		all = append(all, registration{"", handler, options})
	}
	for _, each := range all {
		if _, taken := p.handlers[each.name]; taken {
			return nil, fmt.Errorf("two handlers are registered as %q", each.name)
		}
		made, err := bind(each.handler, each.options)
		if err != nil {
			return nil, err
		}
		p.handlers[each.name] = made
	}
	return p, nil
}

func bind(handler any, options []Option) (*bound, error) {
	if made, ok := handler.(*bound); ok {
		return made, nil
	}
	b := &bound{settings: newSettings(options)}
	b.encoders.New = func() any { return newEncoder(b.settings) }
	var err error
	b.function, err = newFunction(handler, b.settings)
	return b, err
}

// find gives a handler by its name. Without one it is Start's own, or the only one.
func (p *program) find(name string) (*bound, error) {
	if found := p.handlers[name]; found != nil {
		return found, nil
	}
	if name == "" && len(p.handlers) == 1 {
		for _, only := range p.handlers {
			return only, nil
		}
	}
	return nil, fmt.Errorf("there is no handler %q: the program has %s", name, p.names())
}

func (p *program) names() string {
	var names []string
	for name := range p.handlers {
		names = append(names, strconv.Quote(name))
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// chosen is the one handler that a process serves: the one that the function's Handler setting names, if it does.
func (p *program) chosen() (*bound, error) {
	name := os.Getenv("_HANDLER")
	if found := p.handlers[name]; found != nil {
		return found, nil
	}
	if found, err := p.find(""); err == nil {
		return found, nil
	}
	return p.find(name)
}

// invoke calls the handler and delivers its answer. failure is what the handler did wrong; err is what deliver returned.
func (b *bound) invoke(call *engine.Call, payload []byte, deliver func(answer) error) (failure *Error, err error) {
	ctx, cancel, err := b.newContext(call)
	if err != nil {
		return newError(err), nil
	}
	defer cancel()
	encoder := b.encoders.Get().(*encoder)
	defer b.encoders.Put(encoder)
	answer, failure := b.answer(ctx, payload, encoder)
	if failure != nil {
		return failure, nil
	}
	if answer.stream == nil {
		return nil, deliver(answer)
	}
	if closer, ok := answer.stream.(io.Closer); ok {
		defer closer.Close()
	}
	reader := &guarded{Reader: answer.stream}
	answer.stream = reader
	err = deliver(answer)
	if err == nil && reader.panicked != nil {
		err = errPanicked
	}
	return nil, err
}

// errPanicked ends a process; what happened has been told.
var errPanicked = errors.New("the handler panicked: the process ends, and the next event gets a new one")

// fatal ends the process.
var fatal = log.Fatal

func (b *bound) answer(ctx context.Context, payload []byte, encoder *encoder) (given answer, failure *Error) {
	returned := false
	defer func() {
		if value := recover(); value != nil {
			failure = newPanic(value)
		} else if !returned {
			fatal("the handler called runtime.Goexit, which ends the process: return from it instead")
		}
	}()
	given, err := b.function(ctx, payload, encoder)
	returned = true
	if err != nil {
		return given, newError(err)
	}
	return given, nil
}

// newContext carries the deadline, what is known of the invocation, and the trace id.
func (b *bound) newContext(call *engine.Call) (context.Context, context.CancelFunc, error) {
	known := b.told.Load()
	if known == nil || known.call != call {
		ctx, err := withValues(b.base, call)
		if err != nil {
			return nil, nil, err
		}
		known = &told{call: call, ctx: ctx}
		if call.Deadline != "" {
			deadline, err := strconv.ParseInt(call.Deadline, 10, 64)
			if err != nil {
				return nil, nil, fmt.Errorf("failed to parse deadline: %v", err)
			}
			known.deadline = time.UnixMilli(deadline)
		}
		b.told.Store(known)
	}
	ctx, cancel := withDeadline(known.ctx, known.deadline)
	return ctx, cancel, nil
}

// withValues carries what is known of the invocation, and the trace id.
func withValues(base context.Context, call *engine.Call) (context.Context, error) {
	lc := &lambdacontext.LambdaContext{
		AwsRequestID:       call.RequestID,
		InvokedFunctionArn: call.FunctionARN,
		TenantID:           call.TenantID,
	}
	if err := parse("client context", call.ClientContext, &lc.ClientContext); err != nil {
		return nil, err
	}
	if err := parse("cognito identity", call.CognitoIdentity, &lc.Identity); err != nil {
		return nil, err
	}
	if lambdacontext.MaxConcurrency() == 1 {
		engine.SetEnvironment("_X_AMZN_TRACE_ID", call.TraceID)
	}
	ctx := lambdacontext.NewContext(base, lc)
	return context.WithValue(ctx, "x-amzn-trace-id", call.TraceID), nil //lint:ignore SA1029 the key that X-Ray's SDK asks for
}

func parse(what, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("failed to unmarshal %s json: %v", what, err)
	}
	return nil
}

// Invoke answers a call of the program as a library.
func (p *program) Invoke(name string, call *engine.Call, payload []byte, give func(engine.Status, []byte)) {
	b, err := p.find(name)
	if err != nil {
		give(engine.Failed, encodeError(newError(err)))
		return
	}
	failure, err := b.invoke(call, payload, func(a answer) error {
		body, err := a.body, error(nil)
		if a.stream != nil {
			body, err = io.ReadAll(a.stream)
		}
		if err == nil {
			give(engine.Response, body)
		}
		return err
	})
	if err != nil {
		failure = newError(err)
	}
	if failure != nil {
		give(failure.status(), encodeError(failure))
	}
}

func (e *Error) status() engine.Status {
	if e.ShouldExit {
		return engine.Panicked
	}
	return engine.Failed
}
