package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/schema"
)

func (c *cli) query() *cobra.Command {
	format, user := "", ""
	cmd := &cobra.Command{
		Use:   "query [SQL]",
		Short: "Asks the store in SQL",
		Long: `Asks the store one statement in ClickHouse's SQL, from the argument or standard input, and writes the result to
standard output: a table on a terminal, tab-separated values with names otherwise, or any format of ClickHouse. Without
--user you are researcher, who reads every relation but those with native ids, handles and raw text.`,
		Example: `  observatory query "SELECT lang, count() FROM posts GROUP BY lang ORDER BY 2 DESC"
  observatory query --format Parquet "SELECT * FROM hourly" > hourly.parquet
  observatory query --user custodian "SELECT * FROM identities LIMIT 10"
  observatory query < question.sql`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := c.statement(args)
			if err != nil {
				return err
			}
			if format == "" {
				format = "TabSeparatedWithNames"
				if term.IsTerminal(int(c.out.Fd())) {
					format = "PrettyCompact"
				}
			}
			return c.runQuery(cmd.Context(), text, format, user)
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "a format of ClickHouse, for example CSVWithNames, JSONEachRow, Parquet")
	cmd.Flags().StringVar(&user, "user", "", "who asks; the password is taken from keys/ or OBSERVATORY_PASSWORD")
	return cmd
}

func (c *cli) statement(args []string) (string, error) {
	text := strings.Join(args, "")
	if len(args) == 0 {
		if in, ok := c.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
			return "", usage(errors.New("give the SQL as an argument or on standard input"))
		}
		read, err := io.ReadAll(io.LimitReader(c.in, 16<<20))
		if err != nil {
			return "", fmt.Errorf("standard input cannot be read: %w", err)
		}
		text = string(read)
	}
	if strings.TrimSpace(text) == "" {
		return "", usage(errors.New("the statement is empty: give the SQL as an argument or on standard input"))
	}
	return text, nil
}

func (c *cli) runQuery(ctx context.Context, text, format, user string) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	if s.lock != nil && s.logID != "" {
		if err := s.catchUp(c.progress()); err != nil {
			return err
		}
	}
	request, err := s.question(text, format, user)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s.why(fmt.Errorf("the store does not answer: %w", err))
	}
	defer response.Body.Close() //nolint:errcheck // It is read to its end or not trusted.
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return fmt.Errorf("the store refuses: %s", strings.TrimSpace(string(said)))
	}
	return s.why(copyResult(c.out, response))
}

// why is the reason that a part of this process failed, where that is why the
// command did.
func (s *system) why(err error) error {
	if err != nil && s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return err
}

// question is the request of a user. Without a name it is made as researcher,
// with the password that the owner asks for if it asks for one.
func (s *system) question(text, format, user string) (*http.Request, error) {
	values := url.Values{"default_format": {format}, "database": {schema.Database}}
	address := s.ends.ClickHouse
	if !s.embedsEngine() {
		address = s.study.ClickHouse.Address
	}
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, address+"/?"+values.Encode(), strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	name, password, err := s.asker(user)
	if err != nil {
		return nil, usage(err)
	}
	if name != "" {
		request.Header.Set("X-ClickHouse-User", name)
		request.Header.Set("X-ClickHouse-Key", password)
	}
	return request, nil
}

// asker is who asks, and with which password. Nobody in particular is researcher,
// where the engine is our own.
func (s *system) asker(user string) (name, password string, err error) {
	password = os.Getenv(study.EnvPassword)
	switch {
	case user == "" && !s.embedsEngine(): // Whom the server takes it for may write and read everything.
		return "", "", fmt.Errorf("the store is a ClickHouse server (clickhouse.address): say with --user who asks, and the password in %s", study.EnvPassword)
	case user == "" && password == "":
		return "", "", nil
	case user == "":
		user = string(engine.RoleResearcher)
		if kept, err := s.dir.Password(user); err == nil && !s.asksPassword() {
			password = kept
		}
	case s.embedsEngine() && password == "":
		if password, err = s.dir.Password(user); err != nil {
			return "", "", err
		}
	}
	return user, password, nil
}

// asksPassword says whether the owner has its own password for researchers.
func (s *system) asksPassword() bool {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.ends.ClickHouse+"/?query=SELECT+1", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusUnauthorized
}

// heldBack is more than the longest exception that can end a result.
const heldBack = 64 << 10

// copyResult copies a result as it comes. An exception that the store met after
// it had begun to answer ends the result; it is taken off and returned.
func copyResult(out io.Writer, response *http.Response) error {
	tag := response.Header.Get("X-ClickHouse-Exception-Tag")
	var held []byte
	piece := make([]byte, 256<<10)
	for {
		n, err := response.Body.Read(piece)
		held = append(held, piece[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the result was cut off: %w", err)
		}
		if extra := len(held) - heldBack; extra > 0 {
			if _, err := out.Write(held[:extra]); err != nil {
				return err
			}
			held = append(held[:0], held[extra:]...)
		}
	}
	rest, said := held, []byte(nil)
	if mark := []byte("\r\n__exception__\r\n" + tag + "\r\n"); tag != "" {
		rest, said, _ = bytes.Cut(held, mark)
	}
	if _, err := out.Write(rest); err != nil {
		return err
	}
	if said != nil {
		text, _, _ := strings.Cut(string(said), "\r\n")
		return fmt.Errorf("the result is incomplete: %s", text)
	}
	return nil
}
