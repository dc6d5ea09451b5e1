package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
)

// compose is what is checked of docker-compose.yml.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       string
		Profiles    []string
		ReadOnly    bool `yaml:"read_only"`
		User        string
		Command     []string
		Environment map[string]any
		Volumes     []string
		Secrets     []string
		HealthCheck struct{ Test []string }
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Secrets map[string]struct{ File string }
	Volumes map[string]any
}

var pinned = regexp.MustCompile(`^[a-z0-9/-]+:[0-9][0-9.]*$`)

// The stack names files, commands, secrets and variables that there are.
func TestTheStack(t *testing.T) {
	t.Parallel()
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var stack compose
	if err := yaml.Unmarshal(text, &stack); err != nil {
		t.Fatal(err)
	}
	if len(stack.Services) < 8 {
		t.Errorf("%d services", len(stack.Services))
	}
	commands := (&cli{}).root().Commands()
	for name, s := range stack.Services {
		if len(s.HealthCheck.Test) < 2 {
			t.Errorf("%s has no health check", name)
		}
		if s.Build == "" && !pinned.MatchString(s.Image) {
			t.Errorf("%s: the image %s has no version", name, s.Image)
		}
		if s.Build != "" {
			if !s.ReadOnly || s.User == "" || strings.HasPrefix(s.User, "0") {
				t.Errorf("%s may write to its image, or is root", name)
			}
			if !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.Name() == s.Command[0] }) {
				t.Errorf("%s: there is no command %s", name, s.Command[0])
			}
		}
		for _, secret := range s.Secrets {
			if stack.Secrets[secret].File == "" {
				t.Errorf("%s: there is no secret %s", name, secret)
			}
		}
		for other := range s.DependsOn {
			if _, ok := stack.Services[other]; !ok {
				t.Errorf("%s waits for %s, which is no service", name, other)
			}
		}
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			if _, named := stack.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, from)); err != nil || !strings.HasPrefix(from, "./") {
				t.Errorf("%s mounts %s, which is not there", name, from)
			}
		}
	}
	provisioned, err := os.ReadFile(filepath.Join(root, "dashboards", "provisioning", "datasources.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(provisioned), -1) {
		if !strings.Contains(string(text), variable[1]) {
			t.Errorf("docker-compose.yml does not set %s", variable[1])
		}
	}
	of, err := study.Load(filepath.Join(root, "deploy", "compose", "observatory.yaml"), nil)
	if err != nil || !of.Live() || len(of.Kafka.Brokers) == 0 || of.ClickHouse.Address == "" {
		t.Errorf("the study of the stack: %v", err)
	}
	for _, broker := range of.Kafka.Brokers {
		if host, _, _ := strings.Cut(broker, ":"); len(stack.Services[host].HealthCheck.Test) == 0 {
			t.Errorf("the broker %s is no service", broker)
		}
	}
}
