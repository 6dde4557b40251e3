//go:build unix

package lambda

import "syscall"

func closeOnExec(descriptor uintptr) {
	syscall.CloseOnExec(int(descriptor))
}
