// Package study is the configuration of one observatory: the file
// observatory.yaml and the variables that override it.
package study

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"

	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/collectors/expand"
	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/rss"
	"github.com/election-observatory/observatory/collectors/telegram"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/websub"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/processors/notify"
	"github.com/election-observatory/observatory/schema"
)

// Study is the configuration of one observatory: observatory.yaml. The zero
// study is complete: it watches no live source, and takes archives.
type Study struct {
	Title          string           `yaml:"title" doc:"Name of the study, as its page shows it."`
	Contact        string           `yaml:"contact" doc:"Whom readers of the page tell of a mistake: an address, or a name."`
	Period         Period           `yaml:"period" doc:"The time that the study is about."`
	Languages      []string         `yaml:"languages" doc:"Languages that posts may be in, BCP 47, which the detector tells apart where none is declared; those of Europe if left out."`
	Queries        []Query          `yaml:"queries" doc:"What the study looks for; posts carry the names of those that they match."`
	Feeds          []rss.FeedConfig `yaml:"feeds" doc:"News feeds that are collected: RSS, Atom or JSON Feed."`
	Fetch          rss.FetchConfig  `yaml:"fetch" doc:"How servers of feeds are asked."`
	WebSub         *websub.Config   `yaml:"websub" doc:"Let hubs of feeds say when there is something new; off if left out."`
	Bluesky        *bluesky.Config  `yaml:"bluesky" doc:"Collect posts and reposts from Bluesky's Jetstream; {} for all as it comes."`
	Mastodon       *mastodon.Config `yaml:"mastodon" doc:"Collect public statuses from servers with Mastodon's API."`
	X              *x.Config        `yaml:"x" doc:"Collect posts from the filtered stream of X's API v2, by the study's queries, within a budget."`
	Twitter        *twitter.Config  `yaml:"twitter" doc:"Collect from an endpoint that still speaks API v1.1 of Twitter; not for X itself."`
	Telegram       *telegram.Config `yaml:"telegram" doc:"Collect public channels of Telegram, through the program observatory-telegram."`
	Expand         *expand.Config   `yaml:"expand" doc:"Follow links of shorteners, so that it is known where they lead; {} for all as it comes, off if left out."`
	PublicAccounts []PublicAccount  `yaml:"public_accounts" doc:"Accounts that keep their names in text and links: parties, candidates, media, institutions."`
	ProtectedNames []string         `yaml:"protected_names" doc:"Domains of outlets, parties, election bodies and candidates, as spiegel.de: links to hosts whose names look like them are shown."`
	Lists          []List           `yaml:"lists" doc:"Lists of raters that are read in at every start, as sources import does."`
	Shorteners     []string         `yaml:"shorteners" doc:"Hosts of link shorteners beyond those that are known; their links are unresolved."`
	ShortenerFiles []string         `yaml:"shortener_files" doc:"Files with such hosts, one a line; # begins a remark."`
	Annotations    []Annotation     `yaml:"annotations" doc:"What happened when, as charts show it: election days, debates, results. [] takes all away."`
	Reviewers      []string         `yaml:"reviewers" doc:"Names of those who judge networks, bursts and look-alikes on the page, in small letters; each has a password in keys/password-reviewer-NAME."`
	Alerts         notify.Config    `yaml:"alerts" doc:"Who is told of alerts, by 'up' and 'process'; nobody if left out. Where several 'process' run, give it to one of them."`
	Notices        []notify.Notice  `yaml:"notices" doc:"Who of those whom protected_names are of has asked to be told when somebody imitates them, or when flagged or new accounts swarm around them."`
	Publication    Publication      `yaml:"publication" doc:"What weekly datasets say of themselves."`
	Kafka          Kafka            `yaml:"kafka" doc:"A Kafka cluster, in place of the embedded broker; without TLS or SASL for now."`
	ClickHouse     ClickHouse       `yaml:"clickhouse" doc:"A ClickHouse server or cluster, in place of the embedded engine."`
	Engine         Engine           `yaml:"engine" doc:"Bounds of the embedded engine."`

	Dir string `yaml:"-"` // The folder of its file, where relative paths begin.
}

// Period is a run of days.
type Period struct {
	From string `yaml:"from" doc:"First day, as 2024-06-03."`
	To   string `yaml:"to" doc:"Last day."`
}

// Begin is when the study begins; without a period before all that it could hold.
func (s *Study) Begin() (time.Time, error) {
	if s.Period.From == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	return Moment(s.Period.From)
}

// PublicAccount is an account that the study names.
type PublicAccount struct {
	Platform string `yaml:"platform" doc:"bluesky, mastodon, x, telegram or rss."`
	ID       string `yaml:"id" doc:"The platform's own id; may be left out if there is a handle."`
	Handle   string `yaml:"handle" doc:"The handle, without @."`
}

// Annotation is something that happened.
type Annotation struct {
	At       string `yaml:"at" doc:"When, or since when, UTC, as 2024-06-09 or 2024-06-09T18:00:00Z."`
	Until    string `yaml:"until" doc:"Until when; a moment if left out."`
	Title    string `yaml:"title" doc:"What it is called."`
	Text     string `yaml:"text" doc:"What there is to say of it."`
	Citation string `yaml:"citation" doc:"Where that is written; an address, as a rule."`
}

// List is a rater's list of sources.
type List struct {
	List    string `yaml:"list" doc:"Which list it is: a name that sources import knows."`
	File    string `yaml:"file" doc:"Where it is; a relative path begins at the folder of this file."`
	Version string `yaml:"version" doc:"The day of this version, as 2024-06-03; what the file says, else today if left out."`
}

// At is a path of the study's configuration, which begins at the folder of its file;
// empty where there is none.
func (s *Study) At(path string) string {
	if path == "" {
		return ""
	}
	return s.at(path)
}

// Kafka says where the log is.
type Kafka struct {
	Brokers     []string `yaml:"brokers" doc:"HOST:PORT of one or more brokers; empty for the embedded broker."`
	Replication int      `yaml:"replication" doc:"Copies of each partition when topics are created; 3 if left out."`
}

// ClickHouse says where the store is.
type ClickHouse struct {
	Address      string `yaml:"address" doc:"Of its HTTP interface, for example http://clickhouse:8123; empty for the embedded engine."`
	User         string `yaml:"user" doc:"Who writes and migrates; default if left out."`
	PasswordFile string `yaml:"password_file" doc:"A file with that user's password; OBSERVATORY_PASSWORD serves as well."`
	Replicated   bool   `yaml:"replicated" doc:"Make replicated databases and tables, for a server with Keeper and the macros shard and replica. For a new store only; see docs/clusters.md."`
	Cluster      string `yaml:"cluster" doc:"Spread posts over the shards of this cluster, as the servers' remote_servers name it; with replicated, and for a new store only. See docs/clusters.md."`
}

// Engine bounds what readers may ask of the embedded engine.
type Engine struct {
	QuerySeconds int `yaml:"query_seconds" doc:"Longest time of one query; 60 if left out."`
	QueryMemory  int `yaml:"query_memory_mb" doc:"Most memory of one query, in MB; 3072 if left out."`
	Queries      int `yaml:"queries" doc:"Queries of readers that run at the same time; 6 if left out."`
	HourQueries  int `yaml:"queries_per_hour" doc:"Queries that each user may ask in an hour; 60000 if left out."`
	HourSeconds  int `yaml:"seconds_per_hour" doc:"Time that each user's queries may take in an hour, in seconds; 10800 if left out."`
}

// DefaultPath is where the configuration is looked for.
const DefaultPath = "observatory.yaml"

// Load reads the configuration at path, and what OBSERVATORY_* variables
// override. An empty path means DefaultPath, where there may be none.
func Load(path string, environ []string) (Study, error) {
	var study Study
	optional := path == ""
	if optional {
		path = DefaultPath
	}
	text, err := readSmall(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
	case err != nil:
		return Study{}, fmt.Errorf("the configuration cannot be read: %w", err)
	default:
		if err := yaml.UnmarshalWithOptions(text, &study, yaml.DisallowUnknownField()); err != nil {
			return Study{}, fmt.Errorf("%s: %s", path, explainYAML(err))
		}
	}
	if err := override(&study, environ); err != nil {
		return Study{}, err
	}
	study.Dir = filepath.Dir(path)
	if err := study.readShorteners(); err != nil {
		return Study{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := study.Validate(); err != nil {
		return Study{}, fmt.Errorf("%s: %w", path, err)
	}
	return study, nil
}

// mostRead is how large a file of the configuration may be: thousands of feeds
// fit, and what was named by mistake does not fill the memory.
const mostRead = 16 << 20

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	text, err := io.ReadAll(io.LimitReader(f, mostRead+1))
	if err == nil && len(text) > mostRead {
		err = fmt.Errorf("%s is larger than %d MB: it is no configuration", path, mostRead>>20)
	}
	return text, err
}

// explainYAML keeps to the first line of what the parser says, which has the
// place and the fault; the others draw the file.
func explainYAML(err error) string {
	first, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
	return first
}

// Validate says what is wrong, if anything.
func (s *Study) Validate() error {
	return errors.Join(s.Period.validate(), s.validateAccounts(), s.Kafka.validate(), s.ClickHouse.validate(), s.Engine.validate(), s.validateShorteners(), s.validateLive(), s.validateLanguages(), s.validateProtected(), s.validateLists(), s.validateExpand(), s.validateAnnotations(), s.validateReviewers(), s.Publication.validate(), s.Alerts.Validate(), s.validateNotices())
}

// Name is what the study is called.
func (s *Study) Name() string {
	if s.Title == "" {
		return "Election observatory"
	}
	return s.Title
}

func (s *Study) validateReviewers() error {
	seen := map[string]bool{}
	for _, name := range s.Reviewers {
		if name == "" || len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return fmt.Errorf("reviewers: %q is no name of small letters, digits and hyphens", name)
		}
		if seen[name] {
			return fmt.Errorf("reviewers: %q is there twice", name)
		}
		seen[name] = true
	}
	return nil
}

func (s *Study) validateAnnotations() error {
	for i, a := range s.Annotations {
		at, err := Moment(a.At)
		if err != nil {
			return fmt.Errorf("annotations[%d].at: %w", i, err)
		}
		if a.Title == "" {
			return fmt.Errorf("annotations[%d]: it needs a title", i)
		}
		if a.Until == "" {
			continue
		}
		until, err := Moment(a.Until)
		if err != nil {
			return fmt.Errorf("annotations[%d].until: %w", i, err)
		}
		if !at.Before(until) {
			return fmt.Errorf("annotations[%d]: it ends before it begins", i)
		}
	}
	return nil
}

func (s *Study) validateLanguages() error {
	for _, tag := range s.Languages {
		if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
			return fmt.Errorf("languages: %q is no language, as de or pt-BR", tag)
		}
	}
	return nil
}

func (s *Study) validateShorteners() error {
	for _, host := range s.Shorteners {
		if !isShortener(host) {
			return fmt.Errorf("shorteners: %q is no host in lower case, as bit.ly", host)
		}
	}
	return nil
}

func isShortener(host string) bool {
	return host != "" && !strings.ContainsAny(host, "/: ") && strings.ToLower(host) == host
}

// readShorteners adds the shorteners of the files to those that are listed.
func (s *Study) readShorteners() error {
	for _, file := range s.ShortenerFiles {
		text, err := readSmall(s.at(file))
		if err != nil {
			return fmt.Errorf("shortener_files: %w", err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			line, _, _ = strings.Cut(line, "#")
			host := strings.TrimSpace(line)
			if host == "" {
				continue
			}
			if !isShortener(host) {
				return fmt.Errorf("shortener_files: %s: line %d: %q is no host in lower case, as bit.ly", file, i+1, host)
			}
			s.Shorteners = append(s.Shorteners, host)
		}
	}
	return nil
}

// at is where a file of the study is.
func (s *Study) at(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

func (p Period) validate() error {
	for name, day := range map[string]string{"from": p.From, "to": p.To} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("period.%s: %q is no day, as 2024-06-03", name, day)
		}
	}
	if p.From != "" && p.To != "" && p.To < p.From {
		return fmt.Errorf("period: it ends on %s, before it begins on %s", p.To, p.From)
	}
	return nil
}

func (s *Study) validateAccounts() error {
	for i, a := range s.PublicAccounts {
		if _, ok := schema.ParsePlatform(a.Platform); !ok {
			return fmt.Errorf("public_accounts[%d]: there is no platform %q: use bluesky, mastodon, x, telegram or rss", i, a.Platform)
		}
		if a.ID == "" && a.Handle == "" {
			return fmt.Errorf("public_accounts[%d]: it needs an id or a handle", i)
		}
		if strings.HasPrefix(a.Handle, "@") {
			return fmt.Errorf("public_accounts[%d]: write the handle %s without @", i, a.Handle)
		}
	}
	return nil
}

func (k Kafka) validate() error {
	for _, broker := range k.Brokers {
		if _, _, err := net.SplitHostPort(broker); err != nil {
			return fmt.Errorf("kafka.brokers: %q is not HOST:PORT", broker)
		}
	}
	if k.Replication < 0 {
		return fmt.Errorf("kafka.replication: it must not be below zero, but is %d", k.Replication)
	}
	return nil
}

func (c ClickHouse) validate() error {
	if c.Address == "" {
		if c.User != "" || c.PasswordFile != "" {
			return errors.New("clickhouse: a user or a password without an address says nothing: give clickhouse.address")
		}
		return nil
	}
	if u, err := url.Parse(c.Address); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return fmt.Errorf("clickhouse.address: %q is not like http://clickhouse:8123, without a user in it", c.Address)
	}
	if c.Cluster != "" && !c.Replicated {
		return errors.New("clickhouse.cluster: its shards are made by replicated databases: set clickhouse.replicated to true as well")
	}
	return nil
}

func (e Engine) validate() error {
	if e.QuerySeconds < 0 || e.QueryMemory < 0 || e.Queries < 0 || e.HourQueries < 0 || e.HourSeconds < 0 {
		return errors.New("engine: bounds must not be below zero")
	}
	return nil
}

// Name is the user who writes and migrates.
func (c ClickHouse) Name() string {
	if c.User == "" {
		return "default"
	}
	return c.User
}

// Password is that of the user of a ClickHouse cluster.
func (c ClickHouse) Password(environ []string) (string, error) {
	return password(environ, EnvPassword, "clickhouse.password_file", c.PasswordFile)
}

// MailPassword is that of the user of the mail server.
func (s *Study) MailPassword(environ []string) (string, error) {
	return password(environ, EnvSMTPPassword, "alerts.email.password_file", s.Alerts.Email.PasswordFile)
}

// password is what a variable says, else what is in the file that a key names.
func password(environ []string, variable, key, file string) (string, error) {
	if given, ok := lookup(environ, variable); ok {
		return given, nil
	}
	if file == "" {
		return "", nil
	}
	text, err := readSmall(file)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", key, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
