package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/app"
)

func servePage(t *testing.T, p *app.Page) string {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p.Log, p.Metrics = zap.NewNop(), prometheus.NewRegistry()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

func ask(t *testing.T, address, password string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		request.SetBasicAuth("anybody", password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestHealthIsThatOfEveryPart(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	address := servePage(t, &app.Page{Title: "<Study>", Checks: []app.Check{
		{Name: "store", Ask: func(context.Context) error { return nil }},
		{Name: "log", Ask: func(context.Context) error {
			if broken.Load() {
				return errors.New("the broker is gone")
			}
			return nil
		}},
	}})
	broken.Store(true)
	code, text := ask(t, address+"/healthz", "")
	var said struct {
		Healthy bool
		Parts   []struct {
			Part, Error string
			OK          bool
		}
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		t.Fatal(err)
	}
	if code != http.StatusServiceUnavailable || said.Healthy || len(said.Parts) != 2 || !said.Parts[0].OK || said.Parts[1].Error != "the broker is gone" {
		t.Errorf("%d %s", code, text)
	}
	if code, text := ask(t, address, ""); code != http.StatusOK || !strings.Contains(text, "&lt;Study&gt;") || !strings.Contains(text, "the broker is gone") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := ask(t, address+"/metrics", ""); code != http.StatusOK {
		t.Errorf("/metrics answers %d", code)
	}
	if code, _ := ask(t, address+"/nothing", ""); code != http.StatusNotFound {
		t.Errorf("/nothing answers %d", code)
	}
}

func TestAPageWithAPasswordAsksForIt(t *testing.T) {
	t.Parallel()
	address := servePage(t, &app.Page{Password: "right"})
	for path, want := range map[string]map[string]int{
		"/":        {"": 401, "wrong": 401, "right": 200},
		"/metrics": {"": 401, "wrong": 401, "right": 200},
		"/healthz": {"": 200, "wrong": 200, "right": 200},
	} {
		for password, code := range want {
			if got, _ := ask(t, address+path, password); got != code {
				t.Errorf("%s with %q answers %d, not %d", path, password, got, code)
			}
		}
	}
}
