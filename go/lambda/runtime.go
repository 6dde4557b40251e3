package lambda

import (
	"errors"
	"log"

	"github.com/lakon/lakon-go/internal/runtimeapi"
	"github.com/lakon/lakon-go/lambdacontext"
)

// startRuntime serves the Runtime API, and returns why it no longer can.
func startRuntime(api string, program *program, err error) error {
	var handler *bound
	if err == nil {
		handler, err = program.chosen()
	}
	if err != nil {
		wrong := initError(err)
		if untold := runtimeapi.New(api).FailInit(wrong.Type, encodeError(wrong)); untold != nil {
			log.Print(untold)
		}
		return err
	}
	program.enableSIGTERM(nothing)
	many := lambdacontext.MaxConcurrency()
	if many == 1 {
		return loop(runtimeapi.New(api), handler)
	}
	for others := many - 1; others > 0; others-- {
		go func() { log.Fatal(loop(runtimeapi.NewAmongMany(api), handler)) }()
	}
	return loop(runtimeapi.NewAmongMany(api), handler)
}

// loop answers one event after the other, until the handler panics or the API cannot be spoken to.
func loop(client *runtimeapi.Client, handler *bound) error {
	for {
		event, err := client.Next()
		if err != nil {
			return err
		}
		if err := serve(client, handler, &event); errors.Is(err, runtimeapi.ErrTooLarge) {
			log.Print(err)
		} else if err != nil {
			return err
		}
	}
}

func serve(client *runtimeapi.Client, handler *bound, event *runtimeapi.Event) error {
	failure, err := handler.invoke(&event.Call, event.Payload, func(a answer) error {
		if a.stream != nil {
			return client.Stream(event.RequestID, a.contentType, a.stream, trailers)
		}
		return client.Respond(event.RequestID, a.contentType, a.body)
	})
	if failure == nil {
		return err
	}
	told := encodeError(failure)
	log.Printf("%s", told)
	if err := client.Fail(event.RequestID, told, encodeCause(failure)); err != nil {
		return err
	}
	if failure.ShouldExit {
		return errPanicked
	}
	return nil
}

// trailers tells of an error behind the part of an answer that was sent.
func trailers(err error) (kind string, body []byte) {
	failure := newError(err)
	told := encodeError(failure)
	log.Printf("%s", told)
	return failure.Type, told
}
