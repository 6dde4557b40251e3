// Package customresource answers CloudFormation for the custom resources that a template declares:
//
//	func main() {
//		customresource.Start(func(ctx context.Context, event customresource.Event) (string, map[string]any, error) {
//			switch event.RequestType {
//			case customresource.Create: ...
//			}
//		})
//	}
//
// CloudFormation waits for an hour when nothing answers it. So errors, panics and the end of the time are all answered.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
package customresource

import (
	"context"
	"fmt"
	"log"
	"runtime/debug"
	"strings"
	"time"

	"github.com/lakon/lakon-go/lambda"
)

// RequestType is what is to be done.
type RequestType string

// What is to be done.
const (
	Create RequestType = "Create"
	Update RequestType = "Update"
	Delete RequestType = "Delete"
)

// Event is what CloudFormation asks for. It makes strings of numbers and booleans in the properties.
type Event struct {
	RequestType           RequestType    `json:"RequestType"`
	RequestID             string         `json:"RequestId"`
	ResponseURL           string         `json:"ResponseURL"`
	ResourceType          string         `json:"ResourceType"`
	LogicalResourceID     string         `json:"LogicalResourceId"`
	PhysicalResourceID    string         `json:"PhysicalResourceId,omitempty"`
	StackID               string         `json:"StackId"`
	ResourceProperties    map[string]any `json:"ResourceProperties"`
	OldResourceProperties map[string]any `json:"OldResourceProperties,omitempty"`
}

// Function does what the event asks for, and gives the resource's id and the attributes that a template may read with
// Fn::GetAtt. An update that gives another id than the event's has made a new resource: CloudFormation then asks to
// delete the old one. Without an id, a new resource gets the request's, and an old one keeps its own.
type Function func(ctx context.Context, event Event) (physicalID string, data map[string]any, err error)

// Option changes how CloudFormation is answered.
type Option func(*answer)

// WithNoEcho hides the attributes where CloudFormation would show them.
func WithNoEcho() Option {
	return func(a *answer) { a.NoEcho = true }
}

const (
	// spare is the time kept for telling CloudFormation that there was not enough; a quarter of it when it is short.
	spare = 2 * time.Second

	// neverMade begins the id of a resource whose creation failed. CloudFormation asks to delete it, but nothing is there.
	neverMade = "never-made-"
)

// Start answers CloudFormation with the function, for ever.
func Start(function Function, options ...Option) {
	lambda.Start(Wrap(function, options...))
}

// Wrap makes a handler for package lambda. Its error says that CloudFormation could not be answered.
func Wrap(function Function, options ...Option) func(context.Context, Event) error {
	return func(ctx context.Context, event Event) error {
		a := &answer{
			Status: "SUCCESS", RequestID: event.RequestID,
			LogicalResourceID: event.LogicalResourceID, StackID: event.StackID,
		}
		for _, option := range options {
			option(a)
		}
		var given result
		if event.RequestType != Delete || !strings.HasPrefix(event.PhysicalResourceID, neverMade) {
			given = limited(ctx, function, event)
		}
		a.fill(&event, given)
		return a.send(ctx, event.ResponseURL)
	}
}

// result is what a function gives.
type result struct {
	id   string
	data map[string]any
	err  error
}

// limited calls the function, and gives up on it shortly before the invocation ends.
func limited(ctx context.Context, function Function, event Event) result {
	within, cancel := ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		kept := min(spare, time.Until(deadline)/4)
		within, cancel = context.WithDeadline(ctx, deadline.Add(-kept))
	}
	defer cancel()
	done := make(chan result, 1)
	go func() { done <- recovered(within, function, event) }()
	select {
	case given := <-done:
		return given
	case <-within.Done():
		return result{err: fmt.Errorf("not done in time: %w", within.Err())}
	}
}

func recovered(ctx context.Context, function Function, event Event) (given result) {
	defer func() {
		if value := recover(); value != nil {
			log.Printf("panic: %v\n%s", value, debug.Stack())
			given = result{err: fmt.Errorf("panic: %v", value)}
		}
	}()
	given.id, given.data, given.err = function(ctx, event)
	return given
}

func (a *answer) fill(event *Event, given result) {
	a.PhysicalResourceID, a.Data = given.id, given.data
	if given.err != nil {
		a.fail(given.err.Error())
	}
	switch {
	case event.RequestType == Delete, a.PhysicalResourceID == "" && event.PhysicalResourceID != "":
		a.PhysicalResourceID = event.PhysicalResourceID
	case a.PhysicalResourceID == "" && given.err != nil:
		a.PhysicalResourceID = neverMade + event.RequestID
	case a.PhysicalResourceID == "":
		a.PhysicalResourceID = event.RequestID
	}
}
