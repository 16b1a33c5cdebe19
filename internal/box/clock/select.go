package clock

import (
	"slices"
	"time"
)

// sample is one server's answer: true time lies within distance of offset, on the scale of the clock.
type sample struct {
	server   int
	offset   time.Duration
	distance time.Duration
}

// agreement is what a majority of servers say.
type agreement struct {
	offset  time.Duration
	doubt   time.Duration // half the width of what they have in common
	servers []int         // who agrees
}

// quorum is how many of n configured servers must agree: three of four and more, two of three. With
// fewer there is no majority to ask for, and the reading says that a single source stands behind it.
func quorum(n int) int {
	switch {
	case n >= 4:
		return 3
	case n == 3:
		return 2
	default:
		return 1
	}
}

// majority finds the interval in which the most answers overlap (Marzullo's algorithm, as in RFC 5905
// section 11.2.1) and accepts it when a quorum of the configured servers and more than half of those that
// answered lie in it.
func majority(samples []sample, configured int) (agreement, bool) {
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
		case a.at != b.at:
			return int(min(max(a.at-b.at, -1), 1))
		case a.open == b.open:
			return 0
		case a.open:
			return -1
		default:
			return 1
		}
	})
	var low, high time.Duration
	depth, best := 0, 0
	for i, e := range edges {
		if !e.open {
			depth--
			continue
		}
		if depth++; depth > best {
			best, low, high = depth, e.at, edges[i+1].at
		}
	}
	if best < quorum(configured) || 2*best <= len(samples) {
		return agreement{}, false
	}
	found := agreement{offset: low + (high-low)/2, doubt: (high - low) / 2}
	for _, s := range samples {
		if s.offset-s.distance <= low && high <= s.offset+s.distance {
			found.servers = append(found.servers, s.server)
		}
	}
	return found, true
}
