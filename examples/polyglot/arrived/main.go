// Arrived tells of each note that lands in the bucket.
package main

import (
	"log/slog"
	"os"

	"github.com/lakon/lakon-go/lambda"
)

type event struct {
	Records []struct {
		S3 struct {
			Object struct {
				Key  string
				Size int64
			}
		}
	}
}

func arrived(event event) error {
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	for _, record := range event.Records {
		log.Info("a note has arrived", "key", record.S3.Object.Key, "bytes", record.S3.Object.Size)
	}
	return nil
}

func main() { lambda.Start(arrived) }
