package token

import (
	"slices"

	"castellan/internal/access/account"
	"castellan/internal/fault"
)

// Scope is what a token may be given.
type Scope struct {
	Name, Words   string
	Writes        bool
	Administrator bool // only administrators may give it, and nothing that it opens is open to others
}

// scopes lists them all. Each stands as x-scope beside the operations that it opens; an operation without one answers no machine, so no
// token touches passwords, addresses, factors, tokens, roles or the reset (R091).
var scopes = []Scope{
	{Name: "me:read", Words: "See your own account"},
	{Name: "system:read", Words: "See health and version (administrators: the reset button, too)"},
	{Name: "metrics", Words: "Read figures for Prometheus", Administrator: true},
	{Name: "log:read", Words: "Read the log", Administrator: true},
	{Name: "users:read", Words: "See users, groups and who is signed in", Administrator: true},
	{Name: "time:read", Words: "See the clocks and time servers", Administrator: true},
	{Name: "network:read", Words: "See the network", Administrator: true},
	{Name: "settings:read", Words: "See the other settings, without passwords", Administrator: true},
	{Name: "time:write", Words: "Ask the time servers now", Writes: true, Administrator: true},
	{Name: "network:write", Words: "Change the network", Writes: true, Administrator: true},
	{Name: "settings:write", Words: "Change the name and the time zone of the NAS", Writes: true, Administrator: true},
}

// Scopes lists them all in their order.
func Scopes() []Scope { return slices.Clone(scopes) }

// Allows reports whether a token has a scope.
func (t Token) Allows(scope string) bool { return scope != "" && slices.Contains(t.Scopes, scope) }

// The refusals about scopes.
var (
	errNoScope   = fault.InvalidField("scopes", "required", "Choose at least one thing that the token may do.")
	errScope     = fault.InvalidField("scopes", "unknown", "There is no such permission.")
	errScopeRole = fault.InvalidField("scopes", "not_allowed", "Only administrators may give one of these permissions.")
)

// scopesFor returns what somebody may give a token of what they wish, each once, in the order of the list.
func scopesFor(a account.Account, wished []string) (given []string, err error) {
	for _, s := range scopes {
		switch {
		case !slices.Contains(wished, s.Name):
		case s.Administrator && a.Role != account.Administrator:
			return nil, errScopeRole
		default:
			given = append(given, s.Name)
		}
	}
	for _, name := range wished {
		if !slices.Contains(given, name) {
			return nil, errScope
		}
	}
	if len(given) == 0 {
		return nil, errNoScope
	}
	return given, nil
}
