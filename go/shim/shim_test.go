package shim

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/lakon/lakon-go/lambda"
	"github.com/lakon/lakon-go/lambdacontext"
)

// older is a context of another package, with some of the fields and one of its own.
type older struct {
	AWSRequestID  string
	Own           int
	Identity      *struct{ CognitoIdentityID string }
	ClientContext struct {
		Client struct{ AppTitle string }
		Custom map[string]string
	}
	RemainingTimeInMillis func() int64
}

func TestHandlersThatTakeTheEventFirst(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID: "id",
		Identity:     lambdacontext.CognitoIdentity{CognitoIdentityID: "me"},
		ClientContext: lambdacontext.ClientContext{
			Client: lambdacontext.ClientApplication{AppTitle: "app"}, Custom: map[string]string{"a": "b"},
		},
	})
	for _, handler := range []any{
		func(event string, ctx *Context) (any, error) {
			return fmt.Sprint(event, ctx.AWSRequestID, ctx.Identity.CognitoIdentityID, ctx.RemainingTimeInMillis() > 0,
				ctx.ClientContext.Client.AppTitle, ctx.ClientContext.Custom), nil
		},
		func(event string, ctx *older) (any, error) {
			return fmt.Sprint(event, ctx.AWSRequestID, ctx.Identity.CognitoIdentityID, ctx.RemainingTimeInMillis() > 0,
				ctx.ClientContext.Client.AppTitle, ctx.ClientContext.Custom), nil
		},
	} {
		adapted := reflect.ValueOf(adapt(handler))
		got := adapted.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf("event")})[0].Interface()
		if got != "eventidmetrueappmap[a:b]" {
			t.Errorf("%T: %v", handler, got)
		}
	}
	turned := adapt(func(event string, ctx context.Context) (bool, error) { return ctx.Err() == nil, nil })
	if _, ok := turned.(func(context.Context, string) (bool, error)); !ok {
		t.Errorf("%T", turned)
	}
}

func TestOtherHandlersStayAsTheyAre(t *testing.T) {
	for _, handler := range []any{
		func() {}, "text", func(context.Context, string) {}, func(string, int) {}, lambda.StackFrame{},
	} {
		if reflect.TypeOf(adapt(handler)) != reflect.TypeOf(handler) {
			t.Errorf("%T", handler)
		}
	}
	if adapt(nil) != nil {
		t.Error("nil")
	}
}
