// Words counts the words of a text. It is a function under every engine, and a library for Python.
package main

import (
	"strings"

	"github.com/lakon/lakon-go/lambda"
)

func count(text string) (map[string]int, error) {
	counts := map[string]int{}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		counts[word]++
	}
	return counts, nil
}

func main() { lambda.Start(count) }
