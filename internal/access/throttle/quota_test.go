package throttle_test

import (
	"strconv"
	"testing"
	"time"

	"castellan/internal/access/throttle"
)

func TestAQuotaCountsPerKeyAndLetsTimePass(t *testing.T) {
	now := time.Hour
	q := throttle.NewQuota(func() time.Duration { return now }, 2, 15*time.Minute, 100)
	if !q.Take("a") || q.Wait("a") != 0 {
		t.Fatal("the first time")
	}
	now += 5 * time.Minute
	if !q.Take("a") || q.Take("a") || q.Wait("a") != 10*time.Minute {
		t.Errorf("after two: wait %v", q.Wait("a"))
	}
	if !q.Take("b") {
		t.Error("one key slows another")
	}
	now += 10 * time.Minute
	if !q.Take("a") || q.Take("a") {
		t.Error("the first one was not forgotten in time, or both were")
	}
}

func TestAQuotaRemembersABoundedNumberOfKeys(t *testing.T) {
	now := time.Hour
	q := throttle.NewQuota(func() time.Duration { return now }, 1, time.Hour, 10)
	for i := range 50 {
		now += time.Second
		q.Take(strconv.Itoa(i))
	}
	if q.Take("49") || q.Take("41") || !q.Take("0") {
		t.Error("the newest keys are remembered, and the oldest are not")
	}
}
