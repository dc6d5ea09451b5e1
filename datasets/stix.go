package datasets

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// technique is one of the DISARM framework (red, version 1.6, CC BY 4.0).
type technique struct{ code, name string }

// techniques are what sharing the same things looks like in the terms of DISARM: what
// accounts do, not why, nor who they are.
func techniques(objectKind string) technique {
	switch objectKind {
	case "text":
		return technique{"T0084.001", "Use Copypasta"}
	case "hashtags":
		return technique{"T0049.002", "Flood Existing Hashtag"}
	case "reply":
		return technique{"T0116", "Comment or Reply on Content"}
	}
	return technique{"T0049", "Flood Information Space"}
}

// tlpAmber is the marking that STIX 2.1 itself defines: for those with whom it is agreed on.
func tlpAmber() map[string]any {
	return map[string]any{
		"type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "created": "2017-01-20T00:00:00.000Z",
		"definition_type": "tlp", "name": "TLP:AMBER", "definition": map[string]string{"tlp": "amber"},
	}
}

// sharing is what the tables say of a network.
type sharing struct {
	kinds       map[string]bool
	first, last time.Time
	accounts    map[string]bool
}

func (r *release) sharing() map[string]*sharing {
	all := map[string]*sharing{}
	of := func(network any) *sharing {
		name, _ := network.(string)
		if all[name] == nil {
			all[name] = &sharing{kinds: map[string]bool{}, accounts: map[string]bool{}}
		}
		return all[name]
	}
	for _, row := range r.table("network_members").Rows {
		account, _ := row[3].(string)
		of(row[0]).accounts[account] = true
	}
	for _, row := range r.table("network_pairs").Rows {
		s := of(row[0])
		kind, _ := row[1].(string)
		at, _ := row[6].(time.Time)
		seconds, _ := row[10].(float64)
		s.kinds[kind] = true
		if s.first.IsZero() || at.Before(s.first) {
			s.first = at
		}
		if later := at.Add(time.Duration(seconds * float64(time.Second))); later.After(s.last) {
			s.last = later
		}
	}
	return all
}

// stix is a bundle of STIX 2.1 with the networks that two reviewers confirm: a campaign
// for each, and what DISARM calls its way of sharing. It names no account.
func (r *release) stix([]file) ([]byte, error) {
	const form = "2006-01-02T15:04:05.000Z"
	at, now := r.cfg.Week.To().Format(form), r.cfg.Week.To().Add(time.Duration(r.number-1)*time.Second).Format(form) // A later version is a later one.
	id := func(kind, of string) string {
		sum := sha256.Sum256([]byte(r.cfg.Study + "\x1f" + kind + "\x1f" + of))
		id := uuid.UUID(sum[:16])
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // In the form of version 4, which STIX wants, and the same each time.
		return kind + "--" + id.String()
	}
	study, marking := id("identity", ""), tlpAmber()
	object := func(kind, of string, more map[string]any) map[string]any {
		more["type"], more["spec_version"], more["id"], more["created"], more["modified"] = kind, "2.1", id(kind, of), at, now
		if kind != "identity" {
			more["created_by_ref"], more["object_marking_refs"] = study, []any{marking["id"]}
		}
		return more
	}
	objects := []map[string]any{marking, object("identity", "", map[string]any{"name": r.cfg.Study, "identity_class": "organization"})}
	patterns := map[string]map[string]any{}
	shared := r.sharing()
	for _, row := range r.table("reviewed").Rows {
		if row[0] != "network" || row[2] != "confirmed" {
			continue
		}
		name, _ := row[1].(string)
		s := cmp.Or(shared[name], &sharing{})
		campaign := object("campaign", r.cfg.Week.String()+name, campaignOf(name, row, s))
		objects = append(objects, campaign)
		for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
			of := techniques(kind)
			if patterns[of.code] == nil {
				patterns[of.code] = object("attack-pattern", of.code, map[string]any{"name": of.name, "external_references": []map[string]string{{"source_name": "DISARM", "external_id": of.code, "url": "https://github.com/DISARMFoundation/DISARMframeworks/blob/main/generated_pages/techniques/" + of.code + ".md"}}})
				objects = append(objects, patterns[of.code])
			}
			uses := id("relationship", r.cfg.Week.String()+name+of.code)
			if !slices.ContainsFunc(objects, func(o map[string]any) bool { return o["id"] == uses }) {
				objects = append(objects, object("relationship", r.cfg.Week.String()+name+of.code, map[string]any{"relationship_type": "uses", "source_ref": campaign["id"], "target_ref": patterns[of.code]["id"]}))
			}
		}
	}
	return asJSON(map[string]any{"type": "bundle", "id": id("bundle", FolderName(r.cfg.Week, r.cfg.Tier, r.number)), "objects": objects})
}

// campaignOf says what two reviewers confirm of a network; confidence is as STIX 2.1 maps
// low, medium and high (appendix A).
func campaignOf(name string, row []any, s *sharing) map[string]any {
	confidence, _ := row[3].(string)
	actor, _ := row[4].(string)
	citations, _ := row[5].(string)
	about := fmt.Sprintf("%d accounts that shared the same (%s) within minutes of each other more often than chance lets expect. %d reviewers confirm it, with %s confidence. What they do is described, not who they are.",
		len(s.accounts), strings.Join(slices.Sorted(maps.Keys(s.kinds)), ", "), row[6], confidence)
	if actor != "" {
		about += " Two or more of them name the type of actor, with citations: " + actor + "."
	}
	of := map[string]any{"name": "Coordinated sharing, network " + name, "description": about, "confidence": map[string]int{"low": 15, "moderate": 50, "high": 85}[confidence]}
	if !s.first.IsZero() {
		of["first_seen"], of["last_seen"] = s.first.UTC().Format(time.RFC3339), s.last.UTC().Format(time.RFC3339)
	}
	if citations != "" {
		var references []map[string]string
		for citation := range strings.SplitSeq(citations, "; ") {
			references = append(references, map[string]string{"source_name": "citation", "description": citation})
		}
		of["external_references"] = references
	}
	return of
}
