package throttle

import (
	"slices"
	"sync"
	"time"
)

// Quota lets something happen so often in a time for each key: mails for an account, questions from a source.
// It lives in memory and is safe for concurrent use.
type Quota struct {
	elapsed func() time.Duration
	most    int
	per     time.Duration
	keys    int

	mu   sync.Mutex
	seen map[string][]time.Duration // the oldest first
}

// NewQuota returns a Quota of most times per time for each key. It remembers so many keys; beyond that it
// forgets the one that is longest ago. elapsed is a clock that never steps.
func NewQuota(elapsed func() time.Duration, most int, per time.Duration, keys int) *Quota {
	return &Quota{elapsed: elapsed, most: most, per: per, keys: keys, seen: map[string][]time.Duration{}}
}

// Take counts one more time for a key, if there is room for it.
func (q *Quota) Take(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.elapsed()
	if q.wait(key, now) > 0 {
		return false
	}
	q.seen[key] = append(q.seen[key], now)
	q.forget(now)
	return true
}

// Free reports whether there is room for one more time for a key.
func (q *Quota) Free(key string) bool { return q.Wait(key) <= 0 }

// Wait returns how long a key has to wait for its next time; 0: it need not.
func (q *Quota) Wait(key string) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wait(key, q.elapsed())
}

func (q *Quota) wait(key string, now time.Duration) time.Duration {
	times := slices.DeleteFunc(q.seen[key], func(at time.Duration) bool { return now-at >= q.per })
	if len(times) == 0 {
		delete(q.seen, key)
		return 0
	}
	q.seen[key] = times
	if len(times) < q.most {
		return 0
	}
	return times[len(times)-q.most] + q.per - now
}

// forget keeps the number of keys bounded. It needs mu.
func (q *Quota) forget(now time.Duration) {
	if len(q.seen) <= q.keys {
		return
	}
	oldest, since := "", now+1
	for key, times := range q.seen {
		if last := times[len(times)-1]; now-last >= q.per {
			delete(q.seen, key)
		} else if last < since {
			oldest, since = key, last
		}
	}
	if len(q.seen) > q.keys {
		delete(q.seen, oldest)
	}
}
