package customresource

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

// answer is what CloudFormation wants to know.
type answer struct {
	Status             string         `json:"Status"`
	Reason             string         `json:"Reason,omitempty"`
	PhysicalResourceID string         `json:"PhysicalResourceId"`
	StackID            string         `json:"StackId"`
	RequestID          string         `json:"RequestId"`
	LogicalResourceID  string         `json:"LogicalResourceId"`
	NoEcho             bool           `json:"NoEcho,omitempty"`
	Data               map[string]any `json:"Data,omitempty"`
}

const (
	maxAnswer = 4096
	maxReason = 1024
	attempts  = 4
)

func (a *answer) fail(reason string) {
	log.Printf("%s: %s", a.LogicalResourceID, reason)
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	a.Status, a.Reason, a.Data = "FAILED", reason, nil
}

// encode gives what CloudFormation can take: it refuses, for one, attributes that together are too large.
func (a *answer) encode() []byte {
	encoded, err := json.Marshal(a)
	if err == nil && len(encoded) > maxAnswer {
		err = fmt.Errorf("the answer has %d bytes, CloudFormation takes %d", len(encoded), maxAnswer)
	}
	if err != nil {
		a.fail(err.Error())
		encoded, _ = json.Marshal(a) // strings: nothing that can fail
	}
	return encoded
}

// send puts the answer where CloudFormation wants it; it tries again when that fails.
func (a *answer) send(ctx context.Context, url string) error {
	encoded := a.encode()
	for tried := 1; ; tried++ {
		err := put(ctx, url, encoded)
		if err == nil || tried == attempts {
			return err
		}
		log.Printf("cannot answer CloudFormation: %v", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(tried) * 200 * time.Millisecond):
		}
	}
}

func put(ctx context.Context, url string, encoded []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 512))
		return fmt.Errorf("the answer was refused with %d: %s", response.StatusCode, said)
	}
	return nil
}
