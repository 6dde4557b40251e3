package lambdalog

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lakon/lakon-go/lambdacontext"
)

func logger(t *testing.T, format, level string, options ...Option) (*slog.Logger, *bytes.Buffer) {
	t.Setenv("AWS_LAMBDA_LOG_FORMAT", format)
	t.Setenv("AWS_LAMBDA_LOG_LEVEL", level)
	var written bytes.Buffer
	return slog.New(newHandler(&written, options)), &written
}

func invocation() context.Context {
	return lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{
		AwsRequestID: "id", InvokedFunctionArn: "arn", TenantID: "tenant",
	})
}

func TestJSON(t *testing.T) {
	lambdacontext.FunctionName, lambdacontext.FunctionVersion = "shop", "7"
	log, written := logger(t, "JSON", "", WithFunctionARN(), WithTenantID(), WithFunction())
	log = log.With("a", 1).WithGroup("group").With("b", 2).WithGroup("").WithGroup("inner")
	log.InfoContext(invocation(), "hello", "msg", "mine", "level", slog.LevelInfo)
	var record map[string]any
	if err := json.Unmarshal(written.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", record["timestamp"].(string)); err != nil {
		t.Error(err)
	}
	_, after, _ := strings.Cut(written.String(), `Z",`)
	wanted := `"level":"INFO","message":"hello","a":1,"requestId":"id","functionArn":"arn","tenantId":"tenant",` +
		`"function":"shop","version":"7","group":{"b":2,"inner":{"msg":"mine","level":"INFO"}}}` + "\n"
	if after != wanted {
		t.Error(after)
	}
}

func TestText(t *testing.T) {
	log, written := logger(t, "Text", "")
	log.InfoContext(invocation(), "hello")
	log.Debug("unheard")
	if _, after, _ := strings.Cut(written.String(), " "); after != "level=INFO message=hello requestId=id\n" {
		t.Error(written.String())
	}
}

func TestLevels(t *testing.T) {
	all := []slog.Level{LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, LevelFatal}
	names := []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
	for i, name := range names {
		log, written := logger(t, "JSON", name)
		for _, level := range all {
			log.Log(context.Background(), level, "x")
		}
		if got := strings.Count(written.String(), "\n"); got != len(all)-i || !strings.Contains(written.String(), `"level":"`+name+`"`) {
			t.Error(name, written.String())
		}
	}
}

func TestLinesOfManyGoroutines(t *testing.T) {
	log, written := logger(t, "JSON", "")
	var wait sync.WaitGroup
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			for n := 0; n < 20; n++ {
				log.With("from", i).InfoContext(invocation(), strings.Repeat("x", 500), "n", strconv.Itoa(n))
			}
		}(i)
	}
	wait.Wait()
	seen := map[int]int{}
	for _, line := range strings.Split(strings.TrimSpace(written.String()), "\n") {
		var record struct {
			From      int
			N         string
			RequestID string
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.RequestID != "id" {
			t.Fatal(err, line)
		}
		if record.N != strconv.Itoa(seen[record.From]) {
			t.Fatal("out of order:", line)
		}
		seen[record.From]++
	}
}
