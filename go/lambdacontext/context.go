// Package lambdacontext tells a handler about its function and about the invocation at hand. Its names are those of
// the package of the same name in aws-lambda-go.
//
// The time that is left is context.Context's own business: ctx.Deadline says when Lambda stops the invocation, and may be
// asked from any goroutine.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/golang-context.html
package lambdacontext

import (
	"context"
	"encoding/json"
	"os"
	"strconv"

	"github.com/lakon/lakon-go/internal/engine"
)

var (
	// FunctionName is the name of the function.
	FunctionName string

	// FunctionVersion is the version that runs; "$LATEST" when none is published.
	FunctionVersion string

	// MemoryLimitInMB is the memory that the function was given; 0 when it is not known.
	MemoryLimitInMB int

	// LogGroupName is the log group of the function.
	LogGroupName string

	// LogStreamName is the log stream of this execution environment.
	LogStreamName string

	maxConcurrency int
)

func init() {
	engine.OnEnvironment(func() {
		FunctionName = os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
		FunctionVersion = os.Getenv("AWS_LAMBDA_FUNCTION_VERSION")
		MemoryLimitInMB, _ = strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
		LogGroupName = os.Getenv("AWS_LAMBDA_LOG_GROUP_NAME")
		LogStreamName = os.Getenv("AWS_LAMBDA_LOG_STREAM_NAME")
		asked, _ := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY"))
		maxConcurrency = max(asked, 1)
	})
}

// MaxConcurrency is the number of invocations that this process may get at once.
func MaxConcurrency() int {
	return maxConcurrency
}

// ClientApplication is what a mobile application says of itself.
type ClientApplication struct {
	InstallationID string `json:"installation_id"`
	AppTitle       string `json:"app_title"`
	AppVersionCode string `json:"app_version_code"`
	AppPackageName string `json:"app_package_name"`
}

// ClientContext is what the caller sent beside the event.
type ClientContext struct {
	Client ClientApplication
	Env    map[string]string `json:"env"`
	Custom map[string]string `json:"custom"`
}

// UnmarshalJSON keeps values in "custom" that are no strings as their JSON text.
func (c *ClientContext) UnmarshalJSON(data []byte) error {
	var told struct {
		Client ClientApplication
		Env    map[string]string       `json:"env"`
		Custom map[string]textOrString `json:"custom"`
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	*c = ClientContext{Client: told.Client, Env: told.Env}
	if told.Custom != nil {
		c.Custom = make(map[string]string, len(told.Custom))
	}
	for name, value := range told.Custom {
		c.Custom[name] = string(value)
	}
	return nil
}

type textOrString string

func (t *textOrString) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	*t = textOrString(text)
	return nil
}

// CognitoIdentity is who called, when a mobile application did.
type CognitoIdentity struct {
	CognitoIdentityID     string
	CognitoIdentityPoolID string
}

// LambdaContext is what is known of an invocation.
type LambdaContext struct {
	AwsRequestID       string
	InvokedFunctionArn string
	Identity           CognitoIdentity
	ClientContext      ClientContext
	TenantID           string `json:",omitempty"`
}

type contextKey struct{}

// NewContext gives a context that carries lc.
func NewContext(parent context.Context, lc *LambdaContext) context.Context {
	return context.WithValue(parent, contextKey{}, lc)
}

// FromContext gives what ctx carries of an invocation, if it does.
func FromContext(ctx context.Context) (*LambdaContext, bool) {
	lc, ok := ctx.Value(contextKey{}).(*LambdaContext)
	return lc, ok
}
