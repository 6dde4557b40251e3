package lambda

import (
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/lakon/lakon-go/internal/runtimeapi"
)

// enableSIGTERM does what WithEnableSIGTERM asked for. A library passes the signal on: it is the process's own.
func (p *program) enableSIGTERM(passOn bool) {
	var wanted bool
	var callbacks []func()
	for _, handler := range p.handlers {
		wanted = wanted || handler.sigterm
		callbacks = append(callbacks, handler.onSIGTERM...)
	}
	if !wanted {
		return
	}
	if len(callbacks) > 0 {
		signaled := make(chan os.Signal, 1)
		signal.Notify(signaled, syscall.SIGTERM)
		go func() {
			<-signaled
			for _, callback := range callbacks {
				callback()
			}
			if passOn {
				raiseAgain()
			}
		}()
	}
	registerExtension(os.Getenv("AWS_LAMBDA_RUNTIME_API"))
}

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
