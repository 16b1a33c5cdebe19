package clock

import (
	"slices"
	"time"
)

// sample is one server's answer: true time lies within distance of offset, on the scale of the clock.
type sample struct {
	server   *server
	offset   time.Duration
	distance time.Duration
}

// agreement is what a majority of servers say.
type agreement struct {
	offset    time.Duration
	doubt     time.Duration // half the width of what they have in common
	servers   []int         // who agrees, as indexes of the samples
	authentic int           // how many of them are asked by NTS
	at        time.Duration // elapsed
}

// quorum is how many of n configured servers must agree: more than half of them, and three of four. With
// fewer than three there is no majority to ask for, and the reading says that a single source stands behind it.
func quorum(n int) int {
	if n < 3 {
		return 1
	}
	return n/2 + 1
}

// outvoted reports whether authenticated answers came and all of them contradict an agreement: whoever forges the
// others on the way is not believed over them.
func outvoted(samples []sample, found agreement) bool {
	authentic := func(s sample) bool { return s.server.NTS }
	behind := func(i int) bool { return authentic(samples[i]) }
	return slices.ContainsFunc(samples, authentic) && !slices.ContainsFunc(found.servers, behind)
}

// majority finds the interval in which the most answers overlap (Marzullo's algorithm, as in RFC 5905
// section 11.2.1) and accepts it when a quorum of the configured servers and more than half of those that
// answered lie in it. It also returns how many overlap.
func majority(samples []sample, configured int) (found agreement, overlap int, ok bool) {
	type edge struct {
		at   time.Duration
		open bool
	}
	edges := make([]edge, 0, 2*len(samples))
	for _, s := range samples {
		edges = append(edges, edge{s.offset - s.distance, true}, edge{s.offset + s.distance, false})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		case a.open == b.open:
			return 0
		case a.open:
			return -1
		default:
			return 1
		}
	})
	var low, high time.Duration
	depth := 0
	for i, e := range edges {
		if !e.open {
			depth--
			continue
		}
		if depth++; depth > overlap {
			overlap, low, high = depth, e.at, edges[i+1].at
		}
	}
	if overlap < quorum(configured) || 2*overlap <= len(samples) {
		return agreement{}, overlap, false
	}
	found = agreement{offset: low + (high-low)/2, doubt: (high - low) / 2}
	for i, s := range samples {
		if s.offset-s.distance <= low && high <= s.offset+s.distance {
			found.servers = append(found.servers, i)
		}
	}
	return found, overlap, true
}
