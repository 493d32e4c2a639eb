package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// A receiver, and how to test one: Sign makes what the vendor would send.
func Example() {
	const secret = "whsec_test_1" // os.Getenv("WEBHOOK_SECRET")
	hooks := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{secret},
		Handle: func(_ context.Context, event webhook.Event) error {
			if ended, ok := event.(*webhook.CallEnded); ok {
				fmt.Println(ended.Call.SessionID, ended.Call.Status, ended.Call.Duration())
			}
			return nil
		},
	})
	defer func() { _ = hooks.Shutdown(context.Background()) }()

	body := `{"event":"CALL_ENDED","data":{"session_id":"s1","status":"completed","duration_seconds":180}}`
	for _, signature := range []string{webhook.Sign([]byte(body), secret), webhook.Sign([]byte(body), secret), "forged"} {
		req := httptest.NewRequest(http.MethodPost, "/webhook/levrage", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(webhook.SignatureHeader, signature)
		answer := httptest.NewRecorder()
		hooks.ServeHTTP(answer, req)
		fmt.Println(answer.Code)
	}
	// Output:
	// s1 completed 3m0s
	// 200
	// 200
	// 401
}

// If the body doesn't come from net/http, but from a queue or a lambda, these two functions are
// enough. Such a program must detect repetitions itself, by the ID.
func ExampleParse() {
	body := []byte(`{"event":"CALL_ENDED","data":{"session_id":"s1","call_summary":"Wants to be called on Monday."}}`)
	signature := webhook.Sign(body, "whsec_test_old") // what came in the header
	if err := webhook.Verify(body, signature, "whsec_test_new", "whsec_test_old"); err != nil {
		fmt.Println(err)
		return
	}
	event, err := webhook.Parse(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	switch event := event.(type) {
	case *webhook.CallEnded:
		fmt.Println(event.ID(), event.Call.Summary)
	case *webhook.UnknownEvent:
		fmt.Println("not known yet:", event.Name)
	}
	// Output: CALL_ENDED:s1 Wants to be called on Monday.
}
