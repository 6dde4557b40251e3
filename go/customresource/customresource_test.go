package customresource

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// cloudFormation keeps what it is answered, and refuses as often as it is told to.
type cloudFormation struct {
	answers []string
	refuse  int
}

func (c *cloudFormation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if c.refuse > 0 {
		c.refuse--
		w.WriteHeader(503)
		return
	}
	c.answers = append(c.answers, r.Method+r.Header.Get("Content-Type")+" "+string(body))
}

func (c *cloudFormation) ask(t *testing.T, ctx context.Context, event Event, function Function, options ...Option) string {
	t.Helper()
	server := httptest.NewServer(c)
	defer server.Close()
	event.ResponseURL, event.RequestID, event.StackID, event.LogicalResourceID = server.URL, "request", "stack", "Thing"
	if err := Wrap(function, options...)(ctx, event); err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(c.answers[len(c.answers)-1], "PUT ")
}

func gives(id string, data map[string]any, err error) Function {
	return func(context.Context, Event) (string, map[string]any, error) { return id, data, err }
}

func TestAnswers(t *testing.T) {
	const rest = `"StackId":"stack","RequestId":"request","LogicalResourceId":"Thing"`
	failed := errors.New("it failed")
	for name, each := range map[string]struct {
		kind     RequestType
		old      string
		function Function
		wanted   string
	}{
		"made":             {Create, "", gives("id", map[string]any{"A": 1}, nil), `{"Status":"SUCCESS","PhysicalResourceId":"id",` + rest + `,"Data":{"A":1}}`},
		"made without id":  {Create, "", gives("", nil, nil), `{"Status":"SUCCESS","PhysicalResourceId":"request",` + rest + `}`},
		"not made":         {Create, "", gives("", nil, failed), `{"Status":"FAILED","Reason":"it failed","PhysicalResourceId":"never-made-request",` + rest + `}`},
		"made in part":     {Create, "", gives("id", nil, failed), `{"Status":"FAILED","Reason":"it failed","PhysicalResourceId":"id",` + rest + `}`},
		"kept":             {Update, "old", gives("", nil, nil), `{"Status":"SUCCESS","PhysicalResourceId":"old",` + rest + `}`},
		"replaced":         {Update, "old", gives("new", nil, nil), `{"Status":"SUCCESS","PhysicalResourceId":"new",` + rest + `}`},
		"not changed":      {Update, "old", gives("", nil, failed), `{"Status":"FAILED","Reason":"it failed","PhysicalResourceId":"old",` + rest + `}`},
		"deleted":          {Delete, "old", gives("other", nil, nil), `{"Status":"SUCCESS","PhysicalResourceId":"old",` + rest + `}`},
		"never made":       {Delete, "never-made-request", gives("", nil, failed), `{"Status":"SUCCESS","PhysicalResourceId":"never-made-request",` + rest + `}`},
		"a panic":          {Update, "old", func(context.Context, Event) (string, map[string]any, error) { panic("oh") }, `{"Status":"FAILED","Reason":"panic: oh","PhysicalResourceId":"old",` + rest + `}`},
		"too much to tell": {Update, "old", gives("", map[string]any{"A": strings.Repeat("x", 5000)}, nil), `{"Status":"FAILED","Reason":"the answer has 5131 bytes, CloudFormation takes 4096","PhysicalResourceId":"old",` + rest + `}`},
		"not JSON":         {Update, "old", gives("", map[string]any{"A": func() {}}, nil), `{"Status":"FAILED","Reason":"json: unsupported type: func()","PhysicalResourceId":"old",` + rest + `}`},
	} {
		c := &cloudFormation{}
		if got := c.ask(t, context.Background(), Event{RequestType: each.kind, PhysicalResourceID: each.old}, each.function); got != each.wanted {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestNoEcho(t *testing.T) {
	c := &cloudFormation{refuse: 2}
	got := c.ask(t, context.Background(), Event{RequestType: Create}, gives("id", nil, nil), WithNoEcho())
	if !strings.Contains(got, `"NoEcho":true`) || c.refuse != 0 {
		t.Error(got)
	}
}

func TestTheEndOfTheTimeIsAnswered(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	c := &cloudFormation{}
	got := c.ask(t, ctx, Event{RequestType: Create}, func(ctx context.Context, _ Event) (string, map[string]any, error) {
		<-ctx.Done()
		select {} // does not listen
	})
	var told answer
	if err := json.Unmarshal([]byte(got), &told); err != nil || told.Reason != "not done in time: context deadline exceeded" {
		t.Error(got)
	}
}

func TestCloudFormationThatCannotBeAnswered(t *testing.T) {
	c := &cloudFormation{refuse: attempts}
	if got := c.ask(t, context.Background(), Event{RequestType: Create}, gives("id", nil, nil)); got != "the answer was refused with 503: " {
		t.Error(got)
	}
}
