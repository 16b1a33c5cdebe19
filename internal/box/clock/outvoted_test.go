package clock_test

import (
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// R139, T25: forged answers without NTS are not believed over those that are authenticated, however many they are.
func TestAForgedMajorityDoesNotOutvoteAuthenticServers(t *testing.T) {
	t.Parallel()
	authority := realtest.NewAuthority(t)
	exchange, plain := ntsServer(t, authority, "127.0.0.1")
	forged := "127.0.0.1:" + realtest.ChronydBehind(t, realtest.Chronyd(t), 20*time.Hour)
	start := func(others string) (*clock.Clock, clock.Reading) {
		k := clock.New(clock.Config{
			Sources: []clock.Source{{Address: others}, {Address: others}, {Address: others}, {Address: exchange, NTS: true}, {Address: exchange, NTS: true}},
			Floor:   time.Now().Add(-year), Elapsed: clock.Elapsed, System: time.Now, Kept: func() bool { return false }, Authorities: pool(t, authority),
		})
		for range 10 { // on a busy machine the keys may come too late for the first question
			if k.Sync(t.Context()); k.Reading().Answering == 5 {
				break
			}
			k.Forget()
		}
		return k, k.Reading()
	}
	if k, r := start(forged); r.Answering != 5 {
		t.Errorf("%d answered: %+v", r.Answering, r.Servers)
	} else if time.Until(k.Now()) > time.Minute || r.State != clock.Unsynced || r.Reason != clock.Disagreement {
		t.Errorf("the forger is followed: %s, %s, %v off", r.State, r.Reason, time.Until(r.Now))
	}
	_, r := start(plain)
	wantState(t, r, clock.Synced)
}
