package receiver_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/receiver"
)

func Example() {
	r, err := receiver.New(receiver.Config{
		// In earnest, Submit is that of a runtime.Engine.
		Submit: func(_ context.Context, source string, events []string) ([]runtime.Submission, error) {
			fmt.Println(source, events)
			return []runtime.Submission{{ID: "resp-8842", Status: runtime.Accepted}}, nil
		},
		Tokens: []string{"a-token-that-nobody-guesses"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(r)
	defer server.Close()

	req, err := http.NewRequest("POST", server.URL+"/v1/events", strings.NewReader(`{"id":"resp-8842","type":"survey.response","answers":{"nps":9}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Bearer a-token-that-nobody-guesses")
	response, err := server.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output:
	// ev [{"id":"resp-8842","type":"survey.response","answers":{"nps":9}}]
	// 202 Accepted
}
