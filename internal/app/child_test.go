package app_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/app"
)

func newChild(t *testing.T, cfg childConfig) (*app.Child, string) {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + ln.Addr().String()
	return &app.Child{Name: "child", Command: childCommand, Config: cfg, Socket: ln, Ready: func(ctx context.Context) error {
		_, err := get(ctx, address)
		return err
	}}, address
}

func get(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestAKilledChildComesBackOnTheSameSocket(t *testing.T) {
	t.Parallel()
	child, address := newChild(t, childConfig{Secret: "not in its arguments"})
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- child.Run(ctx, zap.NewNop(), ready) }()
	<-ready
	pids := map[string]bool{}
	for range 3 {
		// A caller that came while nobody served may lose its connection, and asks again.
		var text string
		for attempt := 0; ; attempt++ {
			asked, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			got, err := get(asked, address)
			cancel()
			if err == nil && !pids[strings.Fields(got)[0]] {
				text = got
				break
			}
			if attempt == 100 {
				t.Fatalf("no new child answers: %q, %v", got, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		first, secret, _ := strings.Cut(text, " ")
		if secret != "not in its arguments" {
			t.Errorf("the child knows %q", secret)
		}
		pids[first] = true
		pid, err := strconv.Atoi(first)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if child.Restarts() < 2 {
		t.Errorf("%d restarts", child.Restarts())
	}
}

func TestAChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	child, address := newChild(t, childConfig{})
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- child.Run(ctx, zap.NewNop(), ready) }()
	<-ready
	text, err := get(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(text, " ")
	if n, _ := strconv.Atoi(pid); syscall.Kill(n, 0) == nil {
		t.Errorf("process %s lives on", pid)
	}
}

func TestAChildThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	child, _ := newChild(t, childConfig{Refuses: "its disk is on fire"})
	child.StartTime = 300 * time.Millisecond
	err := child.Run(t.Context(), zap.NewNop(), make(chan struct{}))
	if err == nil || !strings.Contains(err.Error(), "its disk is on fire") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

func TestServeChildWithoutAParentSaysSo(t *testing.T) {
	t.Parallel()
	if err := app.ServeChild(&childConfig{}, func(context.Context, net.Listener) error { return fmt.Errorf("served") }); err == nil || strings.Contains(err.Error(), "served") {
		t.Errorf("error %v", err)
	}
}
