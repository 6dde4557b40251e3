package lambda

import "syscall"

func closeOnExec(descriptor uintptr) {
	syscall.CloseOnExec(syscall.Handle(descriptor))
}
