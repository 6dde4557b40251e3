package lambda

import (
	"context"
	"sync"
	"time"
)

// invocation is the context of one call. A small call is over sooner than a timer is made, so what waits for the deadline
// is made when somebody asks for it.
type invocation struct {
	context.Context // its values; it has no end of its own
	deadline        time.Time

	lock    sync.Mutex
	waiting context.Context // made by Done or Err
	cancel  context.CancelFunc
	over    bool
}

// withDeadline is context.WithDeadline, and context.WithCancel for no deadline.
func withDeadline(parent context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if parent.Done() == nil {
		made := &invocation{Context: parent, deadline: deadline}
		return made, made.end
	}
	if deadline.IsZero() {
		return context.WithCancel(parent)
	}
	return context.WithDeadline(parent, deadline)
}

func (i *invocation) Deadline() (time.Time, bool) {
	return i.deadline, !i.deadline.IsZero()
}

func (i *invocation) Done() <-chan struct{} {
	return i.awaited().Done()
}

func (i *invocation) Err() error {
	return i.awaited().Err()
}

// Value asks the context that waits, once it is there: by that, package context knows what its children hang on.
func (i *invocation) Value(key any) any {
	i.lock.Lock()
	waiting := i.waiting
	i.lock.Unlock()
	if waiting != nil {
		return waiting.Value(key)
	}
	return i.Context.Value(key)
}

func (i *invocation) awaited() context.Context {
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.waiting == nil {
		if i.deadline.IsZero() {
			i.waiting, i.cancel = context.WithCancel(i.Context)
		} else {
			i.waiting, i.cancel = context.WithDeadline(i.Context, i.deadline)
		}
		if i.over {
			i.cancel()
		}
	}
	return i.waiting
}

func (i *invocation) end() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.over = true
	if i.cancel != nil {
		i.cancel()
	}
}
