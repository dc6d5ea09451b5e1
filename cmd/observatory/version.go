package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of this tree; a build from a tag says the tag itself.
const release = "0.1.0-dev"

type versions struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func versionOf() versions {
	v := versions{Version: release, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Commit = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

func (c *cli) version() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "version", Short: "Says which version this is",
		Example: `  observatory version
  observatory version --json`,
		RunE: func(*cobra.Command, []string) error {
			v := versionOf()
			if asJSON {
				return json.NewEncoder(c.out).Encode(v)
			}
			commit := v.Commit
			if commit == "" {
				commit = "unknown commit"
			}
			if v.Modified {
				commit += ", modified"
			}
			_, err := fmt.Fprintf(c.out, "observatory %s (%s, %s)\n", v.Version, commit, v.Go)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}
