package engine

import (
	"os"
	"strings"
)

// credentials follow the fields of a Call in a header, so that refreshed ones are seen by Go.
var credentials = [...]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

// ParseHeader reads the fields of a call, separated by NUL: request id, deadline in ms since 1970, function ARN, trace id,
// client context, Cognito identity, tenant id; then the credentials, which go to the environment. What is missing at
// the end is empty.
func ParseHeader(header []byte) *Call {
	rest := string(header)
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
