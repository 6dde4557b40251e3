package lambdacontext_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lakon/lakon-go/internal/engine"
	"github.com/lakon/lakon-go/lambdacontext"
)

func TestContext(t *testing.T) {
	if _, ok := lambdacontext.FromContext(context.Background()); ok {
		t.Error("nothing is there")
	}
	lc := &lambdacontext.LambdaContext{}
	if got, ok := lambdacontext.FromContext(lambdacontext.NewContext(context.Background(), lc)); !ok || got != lc {
		t.Error(got)
	}
}

func TestClientContext(t *testing.T) {
	var told lambdacontext.ClientContext
	const sent = `{"client":{"installation_id":"i"},"env":{"e":"f"},"custom":{"a":"é","b":[1, 2],"c":null}}`
	if err := json.Unmarshal([]byte(sent), &told); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(told); got != "{{i   } map[e:f] map[a:é b:[1, 2] c:]}" {
		t.Error(got)
	}
	if json.Unmarshal([]byte(`[]`), &told) == nil {
		t.Error("that is no client context")
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
	t.Setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
	t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", "4")
	engine.EnvironmentArrived()
	if lambdacontext.FunctionName != "shop" || lambdacontext.MemoryLimitInMB != 512 || lambdacontext.MaxConcurrency() != 4 {
		t.Error(lambdacontext.FunctionName, lambdacontext.MemoryLimitInMB, lambdacontext.MaxConcurrency())
	}
}
