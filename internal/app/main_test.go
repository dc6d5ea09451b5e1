package app_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/app"
)

// childCommand makes the test binary a child: the first argument, as commands
// of the program are.
const childCommand = "child-for-tests"

type childConfig struct {
	Secret  string
	Refuses string // Why it ends at once, if not empty.
	Ignores bool   // It does not end when it is told to.
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		if err := serveTestChild(); err != nil {
			fmt.Fprintln(os.Stderr, "observatory: "+err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveTestChild answers with its process id and the secret of its configuration.
func serveTestChild() error {
	var cfg childConfig
	return app.ServeChild(&cfg, func(ctx context.Context, ln net.Listener) error {
		if cfg.Refuses != "" {
			return errors.New(cfg.Refuses)
		}
		web := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "%d %s", os.Getpid(), cfg.Secret)
		})}
		go func() { _ = web.Serve(ln) }()
		<-ctx.Done()
		return web.Close()
	})
}
