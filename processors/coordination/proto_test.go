package coordination

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestProto(t *testing.T) {
	f, err := os.Open(os.Getenv("ZIPF"))
	if err != nil {
		t.Skip(err)
	}
	start := time.Now()
	s := &Shares{}
	lines := bufio.NewScanner(f)
	lines.Scan()
	for lines.Scan() {
		p := strings.SplitN(lines.Text(), ",", 4)
		at, _ := strconv.ParseFloat(p[3], 64)
		s.Add(p[0], p[1], p[2], at)
	}
	t.Log("read", time.Since(start), s.Len())
	start = time.Now()
	p, _ := CooRTweet(s, CooRTweetParams{Window: 10, MinParticipation: 2})
	t.Log("filtered", time.Since(start))
	start = time.Now()
	n := p.CooRTweetNetwork(0.5)
	t.Log("network", time.Since(start), n.Pairs, n.Accounts)
}
