package inprocess_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/lakon/lakon-go/inprocess"
	"github.com/lakon/lakon-go/lambda"
	"github.com/lakon/lakon-go/lambdacontext"
)

type event struct{ Crash bool }

func handle(ctx context.Context, event event) (string, error) {
	if event.Crash {
		return crash(nil), nil
	}
	lc, _ := lambdacontext.FromContext(ctx)
	return fmt.Sprint(lc.AwsRequestID, " ", lambdacontext.FunctionName, " ", len(os.Args), " ", os.Getenv("TOLD")), nil
}

//go:noinline
func crash(words []string) string { return words[3] }

func invoke(name, payload string) (status int, answer string) {
	inprocess.Invoke(name, []byte("id"), []byte(payload), func(given int, body []byte) {
		status, answer = given, string(body)
	})
	return status, answer
}

// A process has one program, so this is one story.
func TestProgram(t *testing.T) {
	arguments := os.Args
	defer func() { os.Args = arguments }()
	for wanted, main := range map[string]func(){
		`"errorMessage":"main ended without a call of lambda.Start"`:        func() {},
		`"errorMessage":"main panicked: oh"`:                                func() { panic("oh") },
		`"errorMessage":"the handler is a string, not a function: write a `: func() { lambda.Start("text") },
	} {
		if failure := string(inprocess.Start(nil, main)); !strings.Contains(failure, wanted) {
			t.Error(failure)
		}
	}
	t.Setenv("TOLD", "")
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "")
	environment := []byte("AWS_LAMBDA_FUNCTION_NAME=fast\x00TOLD=a=b\x00")
	for i := 0; i < 2; i++ {
		if failure := inprocess.Start(environment, func() { lambda.Start(handle) }); failure != nil {
			t.Fatal(string(failure))
		}
	}
	if status, answer := invoke("", "{}"); status != 0 || answer != `"id fast 1 a=b"` {
		t.Error(status, answer)
	}
	if status, answer := invoke("other", "{}"); status != 1 || !strings.Contains(answer, "no handler") {
		t.Error(status, answer)
	}
	status, answer := invoke("", `{"Crash":true}`)
	if status != 2 || strings.Count(answer, `"path"`) != 2 ||
		!strings.Contains(answer, `inprocess/inprocess_test.go","line":27,"label":"crash"}`) {
		t.Error(status, answer)
	}
	var wait sync.WaitGroup
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if status, answer := invoke("", "{}"); status != 0 || answer != `"id fast 1 a=b"` {
				t.Error(status, answer)
			}
		}()
	}
	wait.Wait()
}
