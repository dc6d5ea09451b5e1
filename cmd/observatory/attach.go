package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/election-observatory/observatory/internal/app"
)

// attach uses the owner of the directory, if it answers.
func (s *system) attach(environ []string) (bool, error) {
	ends, ok := s.dir.ReadEndpoints()
	if !ok || !works(s.ctx, ends.Page+"/healthz") {
		return false, nil
	}
	s.ends, s.brokers, s.logID = ends, strings.Split(ends.Kafka, ","), ends.Log
	if len(s.study.Kafka.Brokers) > 0 {
		s.brokers = s.study.Kafka.Brokers
	}
	var err error
	if s.key, err = s.dir.StudyKey(); err != nil {
		return false, err
	}
	s.run("owner", s.watchOwner)
	return true, s.openStore(environ)
}

// watchOwner fails when the owner is gone, so that nothing waits for it for ever.
func (s *system) watchOwner(ctx context.Context) error {
	for pause(ctx, 300*time.Millisecond) == nil {
		if !s.dir.Owned() {
			return errOwnerGone
		}
	}
	return nil
}

// works says whether an owner can be asked and written to. Where the disk is full
// or rows are not stored, who asks is answered all the same, and who writes is
// told of it.
func works(ctx context.Context, address string) bool {
	_, body, err := read(ctx, address)
	var told app.Report
	if err != nil || json.Unmarshal(body, &told) != nil || len(told.Parts) == 0 {
		return false
	}
	return !slices.ContainsFunc(told.Parts, func(part app.Answer) bool { return !part.OK && (part.Part == "store" || part.Part == "log") })
}

func answers(ctx context.Context, address string) bool {
	status, _, err := read(ctx, address)
	return err == nil && status == http.StatusOK
}

func read(ctx context.Context, address string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, body, err
}
