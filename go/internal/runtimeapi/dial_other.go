//go:build !unix

package runtimeapi

var dialBlocking = dialPolled
