package study

import (
	"fmt"
	"reflect"
	"strings"
)

// Reference is the page about the configuration, as Markdown. It follows from
// the fields of Study.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

One file, ` + "`observatory.yaml`" + ` in the working directory, or where ` + "`--config`" + ` says. All of it may be left out. An unknown key
is refused. ` + "`observatory up --check`" + ` validates it and exits.

| Key | Variable | What it says |
|---|---|---|
`)
	describe(&b, reflect.TypeFor[Study](), "", prefix)
	b.WriteString(`
A variable overrides its key; lists are separated by commas. An ` + "`OBSERVATORY_`" + ` variable that means nothing is refused.

| Variable | What it says |
|---|---|
`)
	for _, v := range [][2]string{
		{EnvData, "The data directory, as `--data`; `./observatory-data` if neither is given."},
		{EnvConfig, "The configuration's path, as `--config`."},
		{EnvPassword, "The password of the user who asks (`query --user`), of the ClickHouse cluster's user, or, where `up` listens beyond this machine, the one that it asks researchers for."},
		{EnvSMTPPassword, "The password of the mail server's user (`alerts.email.user`)."},
		{EnvMastodon, "The access token of the servers in `mastodon.servers` that name no `token_file`."},
		{EnvX, "The bearer token of an app of X, where there is no `x.token_file`."},
		{EnvTelegramID, "The id of an application of Telegram; goes before `telegram.api_id`."},
		{EnvTelegramHash, "The hash of that application; goes before `telegram.api_hash_file`."},
		{EnvEngine, "The path of the engine's library; beside the program if unset."},
	} {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v[0], v[1])
	}
	b.WriteString(examples())
	return b.String()
}

func examples() string {
	return `
## Example

` + "```yaml" + `
title: European Parliament 2024
period: {from: 2024-06-03, to: 2024-06-10}
public_accounts:
  - {platform: x, handle: europarl_en}
  - {platform: bluesky, id: did:plc:example, handle: parliament.example}
shorteners: [go.example]
languages: [de, fr, it]
queries:
  - {name: election, terms: ["europawahl*", "élections européennes", "#EP2024", "domain:results.example"]}
feeds:
  - {url: "https://news.example/rss.xml"}
  - {url: "https://presse.example/atom.xml", lang: fr}
bluesky: {likes: count}
mastodon:
  servers:
    - {url: "https://social.example", streams: [local, "#europawahl"], token_file: mastodon.token}
annotations:
  - {at: 2024-06-09, until: 2024-06-10, title: Election day}
alerts:
  webhook: https://hooks.example/T123
  email: {to: [desk@example.org], from: observatory@example.org, server: "smtp.example:587", user: observatory}
` + "```" + `

Lists of feeds as other programs write them (OPML) become feeds with ` + "`observatory feeds LIST.opml`" + `. A running observatory reads the file
again when it gets SIGHUP (` + "`systemctl reload`" + `): feeds, Bluesky, Mastodon and fetching change at once, everything else with the next start.

On clusters, ` + "`observatory collect`" + ` and ` + "`observatory process`" + ` run wherever they are wanted, with the same file:

` + "```yaml" + `
kafka: {brokers: ["kafka1:9092", "kafka2:9092", "kafka3:9092"], replication: 3}
clickhouse: {address: "http://clickhouse:8123", user: observatory, password_file: /run/secrets/clickhouse}
` + "```" + `

## The data directory

| Path | What it holds |
|---|---|
| ` + "`log/`" + ` | The embedded broker's log. |
| ` + "`store/`" + ` | The embedded engine's tables. |
| ` + "`cursors/`" + ` | How far each collector and each unfinished import has come. |
| ` + "`keys/`" + ` | The study's key, from which every pseudonym follows, and the passwords of the store's users. Keep a copy; a directory with only that is a new one with the same pseudonyms. |
| ` + "`demo/`" + ` | Of a demo alone: its study, and the plan of what was planted, under native ids. |
| ` + "`run/`" + ` | The lock of the one owner, and ` + "`endpoints.json`" + ` with its addresses. |
`
}

func describe(b *strings.Builder, t reflect.Type, key, variable string) {
	for field := range t.Fields() {
		if keyOf(field) == "" {
			continue
		}
		name, env := key+keyOf(field), variable+strings.ToUpper(keyOf(field))
		switch {
		case field.Type.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct:
			fmt.Fprintf(b, "| `%s` | | %s |\n", name, field.Tag.Get("doc"))
			describe(b, field.Type.Elem(), name+".", env+"_")
		case field.Type.Kind() == reflect.Struct:
			fmt.Fprintf(b, "| `%s` | | %s |\n", name, field.Tag.Get("doc"))
			describe(b, field.Type, name+".", env+"_")
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			fmt.Fprintf(b, "| `%s` | | %s |\n", name, field.Tag.Get("doc"))
			for inner := range field.Type.Elem().Fields() {
				fmt.Fprintf(b, "| `%s[].%s` | | %s |\n", name, keyOf(inner), inner.Tag.Get("doc"))
			}
		default:
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", name, env, field.Tag.Get("doc"))
		}
	}
}
