// Package lambdahttp serves an http.Handler on Lambda, behind any of its front doors: an API Gateway REST API or HTTP API,
// a function URL, or an Application Load Balancer:
//
//	func main() {
//		http.HandleFunc("/photos/", photos)
//		lambdahttp.Start(nil)
//	}
//
// A request's path is the one that the client asked for. Where it begins with the name of a stage, or with the base path
// of a domain, http.StripPrefix takes that away.
package lambdahttp

import (
	"context"
	"net/http"

	"github.com/lakon/lakon-go/lambda"
)

// Start serves the handler, for ever; http.DefaultServeMux when it is nil.
func Start(handler http.Handler, options ...lambda.Option) {
	lambda.StartWithOptions(Wrap(handler), options...)
}

// Wrap makes a handler for package lambda. A panic of the http.Handler is a panic of the function.
func Wrap(handler http.Handler) func(context.Context, *Event) (any, error) {
	if handler == nil {
		handler = http.DefaultServeMux
	}
	return func(ctx context.Context, event *Event) (any, error) {
		request, door, err := event.request(ctx)
		if err != nil {
			return nil, err
		}
		w := &writer{header: http.Header{}, silent: request.Method == http.MethodHead}
		handler.ServeHTTP(w, request)
		return w.answer(door), nil
	}
}

type eventKey struct{}

// EventFromContext gives the event behind a request, whose context it takes.
func EventFromContext(ctx context.Context) (*Event, bool) {
	event, ok := ctx.Value(eventKey{}).(*Event)
	return event, ok
}
