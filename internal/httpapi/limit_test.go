package httpapi

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// R121: where many sources have taken all there is, everybody else still has a few requests.
func TestABusyBoxLeavesEverySourceAFewRequests(t *testing.T) {
	l := newLimits(func() time.Duration { return 0 })
	took := func(source string) (n int) {
		for l.begin(source) {
			n++
		}
		return n
	}
	greedy := MaxRequests / MaxRequestsPerSource
	for i := range greedy {
		if n := took(strconv.Itoa(i)); n != MaxRequestsPerSource {
			t.Fatalf("source %d has %d requests under way, want %d", i, n, MaxRequestsPerSource)
		}
	}
	if n := took("owner"); n != FewRequests {
		t.Errorf("on a busy box another source has %d requests under way, want %d", n, FewRequests)
	}
	for i := range greedy {
		for range MaxRequestsPerSource {
			l.end(strconv.Itoa(i))
		}
	}
	for range FewRequests {
		l.end("owner")
	}
	if l.underWay != 0 || len(l.requests) != 0 {
		t.Errorf("%d requests of %d sources are left over", l.underWay, len(l.requests))
	}
}

// R121: the connection that goes is one of the greediest source: idle before silent before at work, and the
// oldest of them. Nobody loses one to somebody who has as many.
func TestWhichConnectionGoes(t *testing.T) {
	l := newLimits(func() time.Duration { return 0 })
	states := map[int]http.ConnState{3: http.StateIdle, 5: http.StateIdle, 1: http.StateNew, 7: http.StateNew}
	greedy := make([]*counted, MaxPerSource)
	for source := range MaxConnections {
		name := "many"
		if source >= MaxPerSource {
			name = strconv.Itoa(source % 100)
		}
		c := &counted{limits: l, source: name}
		if _, ok := l.enter(c); !ok {
			t.Fatalf("connection %d has no place", source)
		}
		state, ok := states[source]
		if !ok {
			state = http.StateActive
		}
		l.note(c, state)
		if source < MaxPerSource {
			greedy[source] = c
		}
	}
	for _, want := range []int{3, 5, 1, 7, 0, 2} {
		loser, ok := l.enter(&counted{limits: l, source: "new" + strconv.Itoa(want)})
		if !ok || loser != greedy[want] {
			t.Errorf("another one went than %d", want)
		}
	}
	even := newLimits(func() time.Duration { return 0 })
	for i := range MaxConnections {
		even.enter(&counted{limits: even, source: strconv.Itoa(i)})
	}
	if loser, ok := even.enter(&counted{limits: even, source: "7"}); ok || loser != nil {
		t.Error("somebody lost a connection to a source that has as many")
	}
	if _, ok := even.enter(&counted{limits: even, source: "owner"}); !ok {
		t.Error("a source that has none gets none")
	}
}
