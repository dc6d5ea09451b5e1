package bluesky

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// maxDictionary is the largest dictionary that is taken, in bytes.
const maxDictionary = 1 << 20

// fetchDictionary gets the dictionary that a host compresses frames with.
func fetchDictionary(ctx context.Context, client *http.Client, host string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	u, _ := url.Parse(host) // Validate has.
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	u.Path = strings.TrimSuffix(u.Path, "/") + "/xrpc/network.bsky.jetstream.getZstdDictionary"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, &failure{outage: schema.OutageUnreachable, err: err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, &failure{outage: outageOf(err), err: fmt.Errorf("its dictionary: %w", err)}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp)
	}
	defer func() { _ = resp.Body.Close() }()
	dictionary, err := io.ReadAll(io.LimitReader(resp.Body, maxDictionary+1))
	if err == nil && (dictionaryID(dictionary) == 0 || len(dictionary) > maxDictionary) {
		err = errors.New("it sent no dictionary of zstd")
	}
	if err != nil {
		return nil, &failure{outage: schema.OutageContent, err: err}
	}
	return dictionary, nil
}

// dictionaryID is the number of a dictionary, as its head says (RFC 8878,
// section 5); 0 where it is none.
func dictionaryID(dictionary []byte) uint32 {
	if len(dictionary) < 8 || binary.LittleEndian.Uint32(dictionary) != 0xEC30A437 {
		return 0
	}
	return binary.LittleEndian.Uint32(dictionary[4:])
}
