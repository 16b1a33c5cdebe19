package settings

import (
	"castellan/internal/store"
)

// TimeServer is one server of the owner's list.
type TimeServer struct {
	Host    string // a host name or an address, with a port where it is not the protocol's own
	NTS     bool
	Enabled bool
}

// Time is whom the box asks for the time, and what it does with the answer.
type Time struct {
	Servers []TimeServer // in the owner's order
	// VerifiedOnly refuses codes of apps while only the box's own clock tells the time.
	VerifiedOnly bool
	// SetSystemClock lets Castellan set the clock of the box where no other service does.
	SetSystemClock bool
}

type timeServerRecord struct {
	Host    string `json:"host"`
	NTS     bool   `json:"nts,omitempty"`
	Enabled bool   `json:"enabled,omitempty"`
}

type timeRecord struct {
	Servers        []timeServerRecord `json:"servers"`
	VerifiedOnly   bool               `json:"verified_only,omitempty"`
	SetSystemClock bool               `json:"set_system_clock,omitempty"`
}

var times = store.NewTable[timeRecord]("time")

// GetTime returns the owner's choice, and whether there is one: without it the integrator's file says it.
func GetTime(tx *store.Tx) (t Time, set bool, err error) {
	r, set, err := times.Get(tx, key)
	t = Time{VerifiedOnly: r.VerifiedOnly, SetSystemClock: r.SetSystemClock}
	for _, s := range r.Servers {
		t.Servers = append(t.Servers, TimeServer(s))
	}
	return t, set, err
}

// PutTime checks the choice and stores it.
func PutTime(tx *store.Tx, t Time) error {
	r := timeRecord{VerifiedOnly: t.VerifiedOnly, SetSystemClock: t.SetSystemClock}
	for _, s := range t.Servers {
		r.Servers = append(r.Servers, timeServerRecord(s))
	}
	return times.Put(tx, key, r)
}
