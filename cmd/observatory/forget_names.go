package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// wanted is an account or a post as somebody named it.
type wanted struct {
	post     bool
	platform schema.Platform // Unspecified where it was not said.
	name     string
	handle   bool   // The name is a handle, and no id.
	text     string // As it was given.
}

// readWanted reads the flags.
func readWanted(accounts, posts []string, file string) (list []wanted, err error) {
	add := func(post bool, text string) error {
		w, err := wantedBy(post, text)
		list = append(list, w)
		return err
	}
	for _, text := range accounts {
		err = errors.Join(err, add(false, text))
	}
	for _, text := range posts {
		err = errors.Join(err, add(true, text))
	}
	if file != "" {
		err = errors.Join(err, readWantedFile(file, add))
	}
	if err == nil && len(list) == 0 {
		err = errors.New("say who or what is to be forgotten: --account, --post or --file")
	}
	return list, err
}

// wantedBy reads how somebody names an account or a post.
func wantedBy(post bool, text string) (wanted, error) {
	text = strings.TrimSpace(text)
	w := wanted{post: post, name: text, text: text}
	for _, p := range schema.Platforms() {
		if rest, ok := strings.CutPrefix(w.name, p.Name()); ok && len(rest) > 1 && strings.ContainsAny(rest[:1], ":/ ") {
			w.platform, w.name = p, strings.TrimSpace(rest[1:])
		}
	}
	if !post {
		w.name, w.handle = strings.CutPrefix(w.name, "@")
	}
	if w.name == "" {
		return w, errors.New("say who or what is to be forgotten, for example --account x:@somebody")
	}
	return w, nil
}

func readWantedFile(path string, add func(post bool, text string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--file cannot be read: %w", err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.IndexAny(line, " \t,")
		if at < 0 || line[:at] != "account" && line[:at] != "post" {
			return fmt.Errorf("%s, line %d: begin it with the word account or post", path, n)
		}
		if err := add(line[:at] == "post", strings.TrimLeft(line[at:], " \t,")); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return nil
}

// subjects finds who and what is meant.
func (s *system) subjects(list []wanted) (found []store.Subject, unknown []string, err error) {
	tagger, err := s.tagger()
	if err != nil {
		return nil, nil, err
	}
	for i := range list {
		w := &list[i]
		look := s.store.AccountsNamed
		if w.post {
			look = s.store.PostsNamed
		}
		known, err := look(s.ctx, w.platform.Name(), w.name)
		if err != nil {
			return nil, nil, s.why(err)
		}
		if w.platform == schema.Platform_PLATFORM_UNSPECIFIED {
			if err := oneplatform(w, known); err != nil {
				return nil, nil, usage(err)
			}
		}
		if len(known) == 0 {
			unknown = append(unknown, w.text)
		}
		found = append(found, known...)
		if w.platform != schema.Platform_PLATFORM_UNSPECIFIED {
			found = append(found, byName(tagger, w, known)...)
		}
	}
	return found, unknown, nil
}

// oneplatform says what is missing where a name is known on none, or on several.
func oneplatform(w *wanted, known []store.Subject) error {
	platforms := map[string]bool{}
	for i := range known {
		platforms[known[i].Platform] = true
	}
	switch len(platforms) {
	case 1:
		return nil
	case 0:
		return fmt.Errorf("nothing is known of %s: say the platform, as x:%s, and it stays hidden should it come", w.text, w.text)
	}
	return fmt.Errorf("%s is known on several platforms: say which, as x:%s", w.text, w.text)
}

// byName are the pseudonyms that follow from the name, known or not: those of the
// account's id and of its handles, under which archives without ids have it.
func byName(tagger *tag.Tagger, w *wanted, known []store.Subject) []store.Subject {
	s := store.Subject{Platform: w.platform.Name(), Names: []string{w.name}}
	if _, err := uuid.Parse(w.name); err == nil {
		return nil // It is a pseudonym.
	}
	if w.post {
		s.Post, s.WrittenMS = tagger.PostID(w.platform, w.name), schema.IdentityTime(w.platform, w.name)
		return []store.Subject{s}
	}
	var ids, handles []string
	if !w.handle {
		ids = append(ids, w.name)
	}
	if !strings.Contains(w.name, ":") { // As DIDs do.
		handles = append(handles, w.name)
	}
	have := map[uuid.UUID]bool{}
	for i := range known {
		have[known[i].Account] = true
		handles = append(handles, known[i].Handles...)
	}
	var all []store.Subject
	add := func(id uuid.UUID) {
		if !have[id] {
			have[id] = true
			s.Account = id
			all = append(all, s)
		}
	}
	for _, id := range ids {
		add(tagger.AccountID(w.platform, id, ""))
	}
	for _, handle := range handles {
		add(tagger.AccountID(w.platform, "", handle))
	}
	return all
}
