//go:build unix

package runtimeapi

import (
	"io"
	"net"
	"os"
	"syscall"
)

// dialBlocking gives a socket that blocks: a read that waits in the kernel is woken without the detour over Go's poller.
func dialBlocking(address string) (io.ReadWriteCloser, error) {
	made, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	file, err := made.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	return &socket{file, int(file.Fd())}, syscall.SetNonblock(int(file.Fd()), false)
}

// socket is a file whose descriptor is read and written as it is.
type socket struct {
	file       *os.File
	descriptor int
}

func (s *socket) Read(into []byte) (int, error) {
	for {
		n, err := syscall.Read(s.descriptor, into)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (s *socket) Write(from []byte) (int, error) {
	written := 0
	for written < len(from) {
		n, err := syscall.Write(s.descriptor, from[written:])
		if err != nil && err != syscall.EINTR {
			return written, os.NewSyscallError("write", err)
		}
		written += max(n, 0)
	}
	return written, nil
}

func (s *socket) Close() error {
	return s.file.Close()
}
