package eventlog

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// brokerDir makes the test binary a broker on the directory that it names, and
// on the listening socket that it inherits.
const brokerDir = "EVENTLOG_TEST_BROKER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		os.Exit(serveForTest(dir))
	}
	goleak.VerifyTestMain(m)
}

func serveForTest(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ln, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg := DefaultBrokerConfig()
	cfg.Dir = dir
	cfg.RetentionCheck = 200 * time.Millisecond
	if g := os.Getenv(brokerDir + "_PROTECT"); g != "" {
		cfg.ProtectGroups = []string{g}
	}
	if free := os.Getenv(brokerDir + "_FREE"); free != "" {
		if cfg.MinFreeBytes, err = strconv.ParseInt(free, 10, 64); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	core := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), os.Stderr, zap.WarnLevel)
	if err := ServeBroker(ctx, ln, cfg, zap.New(core)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
