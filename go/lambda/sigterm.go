package lambda

import (
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/lakon/lakon-go/internal/runtimeapi"
)

// enableSIGTERM does what WithEnableSIGTERM asked for: at the signal, it calls the callbacks, and then `after`. It gives what
// calls them when the end is known by other means; they are called once.
func (p *program) enableSIGTERM(after func()) (end func()) {
	var wanted bool
	var callbacks []func()
	for _, handler := range p.handlers {
		wanted = wanted || handler.sigterm
		callbacks = append(callbacks, handler.onSIGTERM...)
	}
	var once sync.Once
	end = func() {
		once.Do(func() {
			for _, callback := range callbacks {
				callback()
			}
		})
	}
	if len(callbacks) > 0 {
		signaled := make(chan os.Signal, 1)
		signal.Notify(signaled, syscall.SIGTERM)
		go func() {
			<-signaled
			end()
			after()
		}()
	}
	if wanted {
		registerExtension(os.Getenv("AWS_LAMBDA_RUNTIME_API"))
	}
	return end
}

// nothing is what follows the callbacks in a process of one's own: Lambda ends it.
func nothing() {}

// raiseAgain passes the signal on to what the process did with it before: for a library, which is a guest there.
func raiseAgain() {
	signal.Reset(syscall.SIGTERM)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Signal(syscall.SIGTERM)
	}
}

// registerExtension registers an internal extension, with which Lambda sends SIGTERM before it ends the process. It asks
// for its next event, as all extensions must, and never gets one.
func registerExtension(api string) {
	if api == "" {
		log.Print("SIGTERM is not enabled: AWS_LAMBDA_RUNTIME_API is not defined")
		return
	}
	client := runtimeapi.New(api)
	identifier, err := client.RegisterExtension("LakonEnableSIGTERM")
	if err != nil {
		log.Printf("SIGTERM is not enabled: %v", err)
		return
	}
	go func() {
		if err := client.AwaitExtensionEvent(identifier); err != nil {
			log.Printf("SIGTERM is no longer enabled: %v", err)
		}
	}()
}
