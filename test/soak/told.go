package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/election-observatory/observatory/test/owner"
)

// told shows what was stored meanwhile, and fails where one of the kinds of
// sources left nothing.
func told(ctx context.Context, up *owner.Owner) error {
	for _, question := range []string{
		"SELECT platform, count() AS posts, countIf(revision > 0) AS edited FROM posts GROUP BY platform ORDER BY platform FORMAT PrettyCompactMonoBlock",
		"SELECT collector, uniqExact(source) AS sources, sum(received) AS received, sum(emitted) AS emitted, sum(arraySum(mapValues(rejected))) AS rejected, countIf(NOT connected) AS down, countIf(gap_from IS NOT NULL) AS gaps FROM coverage GROUP BY collector ORDER BY collector FORMAT PrettyCompactMonoBlock",
		"SELECT uniqExact(collector) FROM coverage WHERE emitted > 0",
	} {
		answer, err := ask(ctx, up.Ends.Clickhouse, question)
		if err != nil {
			return err
		}
		if answer = strings.TrimSpace(answer); answer == "5" {
			return nil
		}
		fmt.Println(answer)
	}
	return errors.New("feeds or one of the streams left no posts")
}

func ask(ctx context.Context, address, question string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(question))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(answer)))
	}
	return string(answer), err
}
