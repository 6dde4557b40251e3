// A function under aws-lambda-go; what it does stands in the event.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type Event struct {
	Do   string `json:"do"`
	Text string `json:"text"`
}

type Answer struct {
	Text     string            `json:"text"`
	ID       string            `json:"id"`
	ARN      string            `json:"arn"`
	Left     int64             `json:"left"`
	PID      int               `json:"pid"`
	Custom   map[string]string `json:"custom"`
	Identity string            `json:"identity"`
	Tenant   string            `json:"tenant"`
	Trace    string            `json:"trace"`
}

type Broken struct{ message string }

func (e *Broken) Error() string { return e.message }

func handle(ctx context.Context, event Event) (Answer, error) {
	switch event.Do {
	case "fail":
		return Answer{}, &Broken{"it failed"}
	case "panic":
		panic("it panicked")
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Minute)
	}
	told, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return Answer{
		Text:     event.Text,
		ID:       told.AwsRequestID,
		ARN:      told.InvokedFunctionArn,
		Left:     time.Until(deadline).Milliseconds(),
		PID:      os.Getpid(),
		Custom:   told.ClientContext.Custom,
		Identity: told.Identity.CognitoIdentityID,
		Tenant:   told.TenantID,
		Trace:    os.Getenv("_X_AMZN_TRACE_ID"),
	}, nil
}

// failing ends a stream with an error after its text.
type failing struct{ text io.Reader }

func (r failing) Read(into []byte) (int, error) {
	n, err := r.text.Read(into)
	if err == io.EOF {
		err = errors.New("the stream broke")
	}
	return n, err
}

func stream(_ context.Context, event Event) (*events.LambdaFunctionURLStreamingResponse, error) {
	var body io.Reader = strings.NewReader("one,two")
	if event.Do == "break" {
		body = failing{body}
	}
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: 202, Body: body}, nil
}

func main() {
	if os.Getenv("_HANDLER") == "stream" {
		lambda.Start(stream)
		return
	}
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
		os.WriteFile(os.Getenv("TOLD"), []byte("SIGTERM"), 0o600)
	}))
}
