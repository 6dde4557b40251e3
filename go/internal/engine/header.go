package engine

import (
	"os"
	"strings"
	"sync/atomic"
)

// credentials follow the fields of a Call in a header, so that refreshed ones are seen by Go.
var credentials = [...]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

// known is a header and what was read of it.
type known struct {
	header string
	call   *Call
}

var last atomic.Pointer[known]

// ParseHeader reads the fields of a call, separated by NUL: request id, deadline in ms since 1970, function ARN, trace id,
// client context, Cognito identity, tenant id; then the credentials, which go to the environment. What is missing at
// the end is empty. A library is called many times with one header, which is read once.
func ParseHeader(header []byte) *Call {
	if before := last.Load(); before != nil && before.header == string(header) {
		return before.call
	}
	call := parse(string(header))
	last.Store(&known{string(header), call})
	return call
}

func parse(rest string) *Call {
	next := func() string {
		field, after, _ := strings.Cut(rest, "\x00")
		rest = after
		return field
	}
	call := &Call{
		RequestID: next(), Deadline: next(), FunctionARN: next(), TraceID: next(),
		ClientContext: next(), CognitoIdentity: next(), TenantID: next(),
	}
	for _, name := range credentials {
		if value := next(); value != "" {
			SetEnvironment(name, value)
		}
	}
	return call
}

// SetEnvironment sets a variable when its value is another.
func SetEnvironment(name, value string) {
	if os.Getenv(name) != value {
		os.Setenv(name, value)
	}
}
