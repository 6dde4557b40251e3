package lambda

import (
	"context"
	"errors"
	"testing"
	"time"
)

type key struct{}

// A context made when it is asked for is like one that was there from the beginning.
func TestTheContextOfAnInvocation(t *testing.T) {
	base := context.WithValue(context.Background(), key{}, "value")
	above, stop := context.WithCancel(base)
	defer stop()
	for name, parent := range map[string]context.Context{"without an end": base, "with one": above} {
		for _, deadline := range []time.Time{{}, time.Now().Add(time.Hour), time.Now().Add(-time.Hour)} {
			ctx, end := withDeadline(parent, deadline)
			if told, ok := ctx.Deadline(); ok == deadline.IsZero() || !told.Equal(deadline) || ctx.Value(key{}) != "value" {
				t.Error(name, told, ok)
			}
			child, forget := context.WithCancel(ctx)
			defer forget()
			passed := !deadline.IsZero() && deadline.Before(time.Now())
			if err := child.Err(); passed != errors.Is(err, context.DeadlineExceeded) || !passed && err != nil {
				t.Error(name, deadline, err)
			}
			end()
			<-child.Done()
			if err := ctx.Err(); !passed && err != context.Canceled || context.Cause(child) != err {
				t.Error(name, deadline, err)
			}
			if ctx.Value(key{}) != "value" {
				t.Error(name, "has lost its value")
			}
		}
	}
	late, end := withDeadline(base, time.Now().Add(time.Hour))
	end()
	if <-late.Done(); late.Err() != context.Canceled {
		t.Error(late.Err())
	}
	soon, end := withDeadline(base, time.Now().Add(time.Millisecond))
	defer end()
	if <-soon.Done(); soon.Err() != context.DeadlineExceeded {
		t.Error(soon.Err())
	}
}
