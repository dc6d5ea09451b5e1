package eventlog

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// apache is a cluster of real Apache Kafka brokers, each broker and controller.
type apache struct {
	nodes []*apacheNode
}

type apacheNode struct {
	process
	addr   string
	config string
	libs   string
}

// kafkaLibs returns where the jars of Apache Kafka are, or skips the test. Where
// they could have been fetched, an unattended run must not pass without them.
func kafkaLibs(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("Apache Kafka takes too long for -short")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no Apache Kafka: no %s here", tool)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	libs := filepath.Join(root, ".cache", "kafka", "libs")
	want, err := os.ReadFile(filepath.Join(root, "scripts", "kafka", "pom.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(libs, "pom.xml")); err == nil && bytes.Equal(got, want) {
		return libs
	}
	const missing = "no Apache Kafka of the version in scripts/kafka/pom.xml: run make kafka"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func newApache(t *testing.T, n int) *apache {
	t.Helper()
	libs := kafkaLibs(t)
	ports := freePorts(t, 2*n)
	var voters []string
	for i := range n {
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", i+1, ports[2*i+1]))
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	cluster := base64.RawURLEncoding.EncodeToString(append([]byte{1}, id[1:]...))
	a := &apache{}
	var formatted sync.WaitGroup
	for i := range n {
		dir := t.TempDir()
		node := &apacheNode{
			process: process{name: fmt.Sprintf("Apache Kafka %d", i+1), logs: filepath.Join(dir, "broker.log")},
			addr:    fmt.Sprintf("127.0.0.1:%d", ports[2*i]), config: filepath.Join(dir, "server.properties"), libs: libs,
		}
		text := apacheConfig(i+1, n, ports[2*i], ports[2*i+1], strings.Join(voters, ","), filepath.Join(dir, "data"))
		if err := os.WriteFile(node.config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a.nodes = append(a.nodes, node)
		formatted.Go(func() {
			out, err := node.java(t, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", node.config).CombinedOutput()
			if err != nil {
				t.Errorf("format: %v: %s", err, out)
			}
		})
	}
	formatted.Wait()
	t.Cleanup(func() {
		for _, node := range a.nodes {
			text := node.end(t, syscall.SIGKILL)
			if t.Failed() {
				t.Logf("%s printed:\n%s", node.name, tail(text))
			}
		}
	})
	for _, node := range a.nodes {
		node.begin(t)
	}
	for _, node := range a.nodes {
		waitServing(t, node.addr)
	}
	return a
}

func (n *apacheNode) java(tb testing.TB, args ...string) *exec.Cmd {
	tb.Helper()
	base := []string{
		"-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", n.libs + "/*",
	}
	return exec.Command("java", append(base, args...)...)
}

func (n *apacheNode) begin(tb testing.TB) {
	tb.Helper()
	n.run(tb, n.java(tb, "kafka.Kafka", n.config))
}

func (a *apache) brokers() []string {
	out := make([]string, 0, len(a.nodes))
	for _, n := range a.nodes {
		out = append(out, n.addr)
	}
	return out
}

func (a *apache) stop(tb testing.TB, i int) { tb.Helper(); a.nodes[i].end(tb, syscall.SIGTERM) }
func (a *apache) kill(tb testing.TB, i int) { tb.Helper(); a.nodes[i].end(tb, syscall.SIGKILL) }

func (a *apache) start(tb testing.TB, i int) {
	tb.Helper()
	a.nodes[i].begin(tb)
	waitServing(tb, a.nodes[i].addr)
}

func apacheConfig(id, n, port, controller int, voters, dir string) string {
	return strings.Join([]string{
		"process.roles=broker,controller",
		fmt.Sprintf("node.id=%d", id),
		"controller.quorum.voters=" + voters,
		fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", port, controller),
		fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", port),
		"controller.listener.names=CONTROLLER",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs=" + dir,
		fmt.Sprintf("offsets.topic.replication.factor=%d", n),
		"offsets.topic.num.partitions=4",
		fmt.Sprintf("min.insync.replicas=%d", n/2+1),
		"group.initial.rebalance.delay.ms=0",
		"group.min.session.timeout.ms=1000",
		"auto.create.topics.enable=false",
		"broker.session.timeout.ms=3000",
		"broker.heartbeat.interval.ms=500",
		"replica.lag.time.max.ms=3000",
		"log.retention.check.interval.ms=1000",
		"controlled.shutdown.enable=true",
		"num.network.threads=2", "num.io.threads=2", "",
	}, "\n")
}

// freePorts are ports that were free a moment ago.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ln.Close() }()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
