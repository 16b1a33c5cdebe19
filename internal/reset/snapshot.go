package reset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/atomicfile"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

const (
	snapshotFile     = "settings-before-reset.sealed"
	snapshotIdentity = "snapshot/settings"
)

// The refusals of whoever asks what was before a reset.
var (
	ErrNoSnapshot = &fault.Error{Kind: fault.NotFound, Code: "no_snapshot", Message: "Nothing is kept of the time before a reset: since this NAS was set up, no reset has restored anything that an owner had set."}
	ErrForeign    = &fault.Error{Kind: fault.Conflict, Code: "snapshot_unreadable", Message: "What was before the last reset cannot be read: the file is damaged, or it was sealed with another device key. Put the device key of that time back to read it."}
)

// Snapshot is what a reset changed and an owner may want back. It holds no secret.
type Snapshot struct {
	Taken    time.Time // in trusted time
	NASName  string
	TimeZone string
	Owner    *Owner // the built-in administrator; nil: there was none
	Policy   settings.Policy
	Groups   []string // the names of the groups in the policy
	Defender settings.Defender
	Button   settings.Button
}

// Owner is the built-in administrator as it was before a reset.
type Owner struct {
	Name, DisplayName, Email string
	Confirmed                bool // a code sent to Email was typed back
	Disabled                 bool
	Language                 string
}

// snapshotRecord is a Snapshot as it is kept, sealed with the device key.
type snapshotRecord struct {
	Taken    time.Time       `json:"taken"`
	NASName  string          `json:"nas_name"`
	TimeZone string          `json:"time_zone"`
	Owner    string          `json:"owner,omitempty"` // the display name of the built-in administrator
	Email    string          `json:"email,omitempty"`
	Admin    *ownerRecord    `json:"admin,omitempty"`
	Policy   *policyRecord   `json:"policy,omitempty"`
	Defender *defenderRecord `json:"defender,omitempty"`
	Button   *buttonRecord   `json:"button,omitempty"`
}

type ownerRecord struct {
	Name      string `json:"name"`
	Confirmed bool   `json:"email_confirmed,omitempty"`
	Disabled  bool   `json:"disabled,omitempty"`
	Language  string `json:"language,omitempty"`
}

type policyRecord struct {
	TwoStep    settings.Demand `json:"two_step"`
	Groups     []string        `json:"groups,omitempty"`
	Names      []string        `json:"group_names,omitempty"`
	EmailCodes settings.Rule   `json:"email_codes"`
	Presence   settings.Demand `json:"presence"`
	Idle       int             `json:"idle_minutes"`
}

type defenderRecord struct {
	Limits settings.Limits `json:"limits"`
	Allow  []netip.Prefix  `json:"allow,omitempty"`
	Block  []netip.Prefix  `json:"block,omitempty"`
}

type buttonRecord struct {
	Device   string `json:"device,omitempty"`
	Key      uint16 `json:"key,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
}

// snapshot keeps what the reset is about to change. On a box that nobody owns that is nothing: what an earlier reset kept
// stays, so that a second one, or one that is tried again, does not take it away.
func (r *Reset) snapshot() error {
	s := snapshotRecord{Taken: r.Now()}
	owned := false
	err := r.DB.View(func(tx *store.Tx) (err error) {
		if owned, _, err = claim.Owned(tx); err != nil || !owned {
			return err
		}
		return s.read(tx)
	})
	if err != nil || !owned {
		return err
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return atomicfile.Write(r.snapshotPath(), []byte(r.Key.Seal(plain, snapshotIdentity)), 0o600)
}

func (r *Reset) snapshotPath() string { return filepath.Join(r.Folder, snapshotFile) }

func (s *snapshotRecord) read(tx *store.Tx) error {
	general, err := settings.Get(tx)
	if err != nil {
		return err
	}
	s.NASName, s.TimeZone = general.NASName, general.TimeZone
	admin, err := account.ByName(tx, account.BuiltIn)
	switch {
	case err == nil:
		s.Owner, s.Email = admin.DisplayName, admin.Email
		s.Admin = &ownerRecord{admin.Name, admin.Confirmed, admin.Disabled, admin.Language}
	case !account.ErrUnknown.Is(err):
		return err
	}
	p, err := settings.GetPolicy(tx)
	if err != nil {
		return err
	}
	s.Policy = &policyRecord{p.TwoStep, p.Groups, nil, p.EmailCodes, p.Presence, p.Idle}
	groups, err := account.Groups(tx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if slices.Contains(p.Groups, g.ID) {
			s.Policy.Names = append(s.Policy.Names, g.Name)
		}
	}
	d, err := settings.GetDefender(tx)
	if err != nil {
		return err
	}
	s.Defender = &defenderRecord{d.Limits, d.Allow, d.Block}
	b, err := settings.GetButton(tx)
	s.Button = &buttonRecord{b.Device, b.Key, b.Disabled}
	return err
}

// Before returns what was before the last reset of a box that somebody owned: ErrNoSnapshot where there was none, ErrForeign
// where it cannot be read.
func (r *Reset) Before() (Snapshot, error) {
	sealed, err := os.ReadFile(r.snapshotPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Snapshot{}, ErrNoSnapshot
	case err != nil:
		return Snapshot{}, fmt.Errorf("read settings before reset: %w", err)
	}
	plain, err := r.Key.Open(string(sealed), snapshotIdentity)
	if err != nil {
		return Snapshot{}, ErrForeign.Because(err)
	}
	var s snapshotRecord
	if err := json.Unmarshal(plain, &s); err != nil {
		return Snapshot{}, ErrForeign.Because(err)
	}
	return s.snapshot(), nil
}

// snapshot is the record without its form. One of an older program lacks what that did not keep, and has the defaults.
func (s snapshotRecord) snapshot() Snapshot {
	v := Snapshot{Taken: s.Taken, NASName: s.NASName, TimeZone: s.TimeZone, Policy: settings.DefaultPolicy(), Defender: settings.DefaultDefender()}
	switch {
	case s.Admin != nil:
		v.Owner = &Owner{s.Admin.Name, s.Owner, s.Email, s.Admin.Confirmed, s.Admin.Disabled, s.Admin.Language}
	case s.Owner != "" || s.Email != "":
		v.Owner = &Owner{Name: account.BuiltIn, DisplayName: s.Owner, Email: s.Email}
	}
	if p := s.Policy; p != nil {
		v.Policy = settings.Policy{TwoStep: p.TwoStep, Groups: p.Groups, EmailCodes: p.EmailCodes, Presence: p.Presence, Idle: p.Idle}
		v.Groups = p.Names
	}
	if d := s.Defender; d != nil {
		v.Defender = settings.Defender(*d)
	}
	if b := s.Button; b != nil {
		v.Button = settings.Button(*b)
	}
	return v
}
