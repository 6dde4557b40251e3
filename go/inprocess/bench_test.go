package inprocess_test

import (
	"context"
	"testing"

	"github.com/lakon/lakon-go/inprocess"
	"github.com/lakon/lakon-go/lambda"
)

func BenchmarkInvoke(b *testing.B) {
	inprocess.Start(nil, func() {
		lambda.Register("empty", func(context.Context) error { return nil })
		lambda.Start(func(_ context.Context, e struct{ A int }) (struct{ B int }, error) { return struct{ B int }{e.A}, nil })
	})
	h := []byte("req-1\x001795270177653000\x00arn:x\x00Root=1\x00\x00\x00\x00AK\x00SK\x00ST")
	p := []byte(`{"A":1}`)
	for _, name := range []string{"", "empty"} {
		b.Run("name="+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				inprocess.Invoke(name, h, p, func(int, []byte) {})
			}
		})
	}
}
