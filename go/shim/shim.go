// Package shim runs handlers of the form that Go had on Lambda before Lambda knew Go: an exported function that takes the
// event first, without a main. The build adds the main.
//
//	func Handle(event json.RawMessage, ctx *shim.Context) (any, error)
package shim

import (
	"context"
	"reflect"
	"time"

	"github.com/lakon/lakon-go/lambda"
	"github.com/lakon/lakon-go/lambdacontext"
)

// Context is what such a handler is told. The handler may take a pointer to any struct that has fields of these names.
type Context struct {
	FunctionName       string
	FunctionVersion    string
	InvokedFunctionARN string
	MemoryLimitInMB    int
	AWSRequestID       string
	LogGroupName       string
	LogStreamName      string
	Identity           *lambdacontext.CognitoIdentity
	ClientContext      *lambdacontext.ClientContext

	// RemainingTimeInMillis may be called from any goroutine.
	RemainingTimeInMillis func() int64
}

var contextType = reflect.TypeOf((*context.Context)(nil)).Elem()

// Start is lambda.Start for a handler that takes the event and then a context: Context, a struct like it, or
// context.Context; it returns an answer and an error. Other handlers are given to lambda.Start as they are.
func Start(handler any) {
	lambda.Start(adapt(handler))
}

func adapt(handler any) any {
	value := reflect.ValueOf(handler)
	if value.Kind() != reflect.Func || value.Type().NumIn() != 2 || value.Type().In(0) == contextType {
		return handler
	}
	given := value.Type()
	second := given.In(1)
	convert := func(ctx reflect.Value) reflect.Value { return ctx }
	switch {
	case second == contextType:
	case second.Kind() == reflect.Pointer && second.Elem().Kind() == reflect.Struct:
		convert = func(ctx reflect.Value) reflect.Value {
			made := reflect.New(second.Elem())
			fill(made.Elem(), reflect.ValueOf(newContext(ctx.Interface().(context.Context))))
			return made
		}
	default:
		return handler // lambda.Start says what is wrong
	}
	taken := reflect.FuncOf([]reflect.Type{contextType, given.In(0)}, results(given), false)
	return reflect.MakeFunc(taken, func(arguments []reflect.Value) []reflect.Value {
		return value.Call([]reflect.Value{arguments[1], convert(arguments[0])})
	}).Interface()
}

func results(function reflect.Type) []reflect.Type {
	var all []reflect.Type
	for i := 0; i < function.NumOut(); i++ {
		all = append(all, function.Out(i))
	}
	return all
}

func newContext(ctx context.Context) Context {
	told, _ := lambdacontext.FromContext(ctx)
	return Context{
		FunctionName:       lambdacontext.FunctionName,
		FunctionVersion:    lambdacontext.FunctionVersion,
		InvokedFunctionARN: told.InvokedFunctionArn,
		MemoryLimitInMB:    lambdacontext.MemoryLimitInMB,
		AWSRequestID:       told.AwsRequestID,
		LogGroupName:       lambdacontext.LogGroupName,
		LogStreamName:      lambdacontext.LogStreamName,
		Identity:           &told.Identity,
		ClientContext:      &told.ClientContext,
		RemainingTimeInMillis: func() int64 {
			deadline, _ := ctx.Deadline()
			return max(time.Until(deadline).Milliseconds(), 0)
		},
	}
}

// fill copies the fields that both have; what the target has beside them stays as it is.
func fill(target, source reflect.Value) {
	source = reflect.Indirect(source)
	switch {
	case target.Kind() == reflect.Pointer:
		made := reflect.New(target.Type().Elem())
		fill(made.Elem(), source)
		target.Set(made)
	case source.Type().ConvertibleTo(target.Type()):
		target.Set(source.Convert(target.Type()))
	case target.Kind() == reflect.Struct && source.Kind() == reflect.Struct:
		for i := 0; i < target.NumField(); i++ {
			field := source.FieldByName(target.Type().Field(i).Name)
			if field.IsValid() && target.Field(i).CanSet() {
				fill(target.Field(i), field)
			}
		}
	}
}
