// Package messages has the names under which programs for aws-lambda-go know lambda.Error.
package messages

import "github.com/lakon/lakon-go/lambda"

type (
	// InvokeResponse_Error is lambda.Error.
	InvokeResponse_Error = lambda.Error

	// InvokeResponse_Error_StackFrame is lambda.StackFrame.
	InvokeResponse_Error_StackFrame = lambda.StackFrame
)
