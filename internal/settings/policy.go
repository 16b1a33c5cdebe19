package settings

import (
	"cmp"
	"slices"
	"strconv"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// Demand says who must use 2-step verification.
type Demand string

// The demands.
const (
	Nobody         Demand = "nobody"
	Administrators Demand = "administrators"
	Everyone       Demand = "everyone"
	ChosenGroups   Demand = "groups"
)

// Rule says who may get codes by e-mail, which is the weaker way.
type Rule string

// The rules.
const (
	Everybody         Rule = "everybody"
	NotAdministrators Rule = "not_administrators"
	NobodyAtAll       Rule = "nobody"
)

// Policy is what the owner demands of people's ways in, and of their sessions.
type Policy struct {
	TwoStep    Demand
	Groups     []string // ids, with ChosenGroups
	EmailCodes Rule
	// Presence says who may sign in with the password and a press of the button: Nobody, Administrators or Everyone; empty
	// is stored as the default.
	Presence Demand
	Idle     int // minutes after which a session ends in which nothing was done; 0 is stored as the default
}

// The minutes after which an idle session may end (NIST SP 800-63B-4 section 2.2.3).
const (
	IdleDefault = 30
	IdleLeast   = 5
	IdleMost    = 60
)

// ErrIdle refuses other times.
var ErrIdle = fault.InvalidField("idle_minutes", "out_of_range", "Between 5 and 60 minutes.")

// DefaultPolicy is the policy of a box whose owner decided nothing.
func DefaultPolicy() Policy {
	return Policy{TwoStep: Administrators, EmailCodes: Everybody, Presence: Administrators, Idle: IdleDefault}
}

// Changes tells each demand that is different from before. who puts a demand into words, with the names of its groups.
func (p Policy) Changes(before Policy, who func(Policy) (string, error), tell func(what, from, to string) error) error {
	from, err := who(before)
	if err != nil {
		return err
	}
	to, err := who(p)
	if err != nil {
		return err
	}
	for _, c := range [][3]string{
		{"Who must use 2-step verification", from, to},
		{"Who may get codes by e-mail", string(before.EmailCodes), string(p.EmailCodes)},
		{"Who may sign in with a press of the button", string(before.Presence), string(p.Presence)},
		{"The time after which idle sessions end", strconv.Itoa(before.Idle) + " min", strconv.Itoa(p.Idle) + " min"},
	} {
		if c[1] == c[2] {
			continue
		}
		if err := tell(c[0], c[1], c[2]); err != nil {
			return err
		}
	}
	return nil
}

type policyRecord struct {
	TwoStep    Demand   `json:"two_step"`
	Groups     []string `json:"groups,omitempty"`
	EmailCodes Rule     `json:"email_codes"`
	Presence   Demand   `json:"presence,omitempty"`
	Idle       int      `json:"idle_minutes,omitempty"`
}

var policies = store.NewTable[policyRecord]("policy")

// GetPolicy returns the policy.
func GetPolicy(tx *store.Tx) (Policy, error) {
	r, found, err := policies.Get(tx, key)
	if err != nil || !found {
		return DefaultPolicy(), err
	}
	return Policy{r.TwoStep, slices.Clone(r.Groups), r.EmailCodes, cmp.Or(r.Presence, Administrators), cmp.Or(r.Idle, IdleDefault)}, nil
}

// PutPolicy checks the policy and stores it.
func PutPolicy(tx *store.Tx, p Policy) error {
	p.Idle, p.Presence = cmp.Or(p.Idle, IdleDefault), cmp.Or(p.Presence, Administrators)
	switch {
	case p.Idle < IdleLeast || p.Idle > IdleMost:
		return ErrIdle
	case !slices.Contains([]Demand{Nobody, Administrators, Everyone, ChosenGroups}, p.TwoStep):
		return fault.InvalidField("two_step", "unknown", "Nobody, administrators, everyone or chosen groups.")
	case !slices.Contains([]Rule{Everybody, NotAdministrators, NobodyAtAll}, p.EmailCodes):
		return fault.InvalidField("email_codes", "unknown", "Everybody, everybody but administrators, or nobody.")
	case !slices.Contains([]Demand{Nobody, Administrators, Everyone}, p.Presence):
		return fault.InvalidField("presence", "unknown", "Nobody, administrators or everyone.")
	case p.TwoStep == ChosenGroups && len(p.Groups) == 0:
		return fault.InvalidField("groups", "missing", "Choose at least one group.")
	case p.TwoStep != ChosenGroups:
		p.Groups = nil
	}
	return policies.Put(tx, key, policyRecord(p))
}

// ResetPolicy brings the policy back to its default.
func ResetPolicy(tx *store.Tx) error { return policies.Delete(tx, key) }
