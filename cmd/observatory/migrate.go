package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/processors/store"
)

func (c *cli) migrate() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Brings the store to this program's version",
		Long: `Applies the migrations that the store does not have yet, and makes its views anew. It may be repeated. Every command
that starts the store itself does the same. A store of a newer program is refused.`,
		Example: `  observatory migrate
  observatory migrate --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runMigrate(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

func (c *cli) runMigrate(ctx context.Context, asJSON bool) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	applied := s.migrated
	if s.lock == nil {
		if applied, err = s.migrate(); err != nil {
			return err
		}
	}
	version, err := store.Version(s.ctx, s.store.DB())
	if err != nil {
		return err
	}
	names := make([]string, 0, len(applied))
	for _, m := range applied {
		names = append(names, fmt.Sprintf("%04d_%s", m.Number, m.Name))
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(map[string]any{"version": version, "applied": names})
	}
	for _, name := range names {
		fmt.Fprintln(c.out, "applied "+name)
	}
	_, err = fmt.Fprintf(c.out, "the store has version %d\n", version)
	return err
}
