package throttle

import (
	"cmp"
	"slices"
	"time"
)

// crowd notices that many sources guess at once.
type crowd struct {
	misses []miss // within SprayWindow, the oldest first
	until  time.Duration
}

type miss struct {
	source string
	at     time.Duration
}

// miss counts a wrong password of a source, and reports whether with it the box begins to be on its guard.
func (c *crowd) miss(source string, now time.Duration) (began bool) {
	c.misses = append(c.misses, miss{source, now})
	c.misses = slices.DeleteFunc(c.misses, func(m miss) bool { return now-m.at >= SprayWindow })
	if n := len(c.misses); n > CrowdTries {
		c.misses = slices.Delete(c.misses, 0, n-CrowdTries)
	}
	if len(c.misses) < CrowdTries {
		return false
	}
	sources := map[string]bool{}
	for _, m := range c.misses {
		sources[m.source] = true
	}
	if len(sources) < CrowdSources {
		return false
	}
	began = c.until <= now
	c.until = now + CrowdPause
	return began
}

// level is the level that counts for a guess: unknown browsers find a box on its guard one level stricter, and
// strict at least, unless the owner allows where they are.
func (c *crowd) level(g Guess, now time.Duration) Level {
	if g.Browser != "" || g.Inside || g.Allowed || now >= c.until {
		return g.Level
	}
	return max(g.Level+1, Strict)
}

// recall brings back what the lanes of the sources tell.
func (c *crowd) recall(sources *counter, now time.Duration) {
	var all []miss
	for source, l := range sources.lanes {
		for _, at := range l.times {
			all = append(all, miss{source, at})
		}
		if l.until > now { // its misses were forgotten when its pause began
			for range SprayTries {
				all = append(all, miss{source, now})
			}
		}
	}
	slices.SortFunc(all, func(a, b miss) int { return cmp.Compare(a.at, b.at) })
	for _, m := range all {
		if now-m.at < SprayWindow {
			c.miss(m.source, now)
		}
	}
}
