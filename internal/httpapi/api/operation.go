// Package api holds the Go side of the API's contract: the types and the table of operations that are
// generated from ../openapi.yaml. It knows no rule; package httpapi gives each operation its handler.
package api

import "github.com/labstack/echo/v4"

//go:generate go tool -modfile=../../../packaging/tools/oapi-codegen/go.mod oapi-codegen -config generate.yaml ../openapi.yaml
//go:generate sh -c "cat ../openapi.yaml templates/operations.tmpl generate.yaml | sha256sum > api.gen.sum"

// Access says who may call an operation. Its zero value is the strictest, so that a forgotten word in
// the contract closes a door.
type Access uint8

// The kinds of callers, from the strictest to the most open. ForLocal is a kind of its own: the
// Unix socket, which only root and the daemon's own user may open.
const (
	ForAdministrator Access = iota
	ForUser
	ForTicket
	ForPublic
	ForLocal
)

// String gives the word that the contract uses.
func (a Access) String() string {
	return [...]string{"administrator", "user", "ticket", "public", "local"}[a]
}

// Operation is one row of the table of routes.
type Operation struct {
	ID     string
	Method string
	Path   string // below the base path, in the router's notation
	Access Access
	// StepUp asks for a proof of identity that is not older than five minutes.
	StepUp bool
	// Background calls do not keep a session alive.
	Background bool
	// Unclaimed operations also answer while nobody owns the NAS.
	Unclaimed bool
	// Recovery operations also answer while the database cannot be used.
	Recovery bool
	// Enrol operations also answer for people who must turn 2-step verification on first.
	Enrol bool
	// FirstRun operations also answer before that in the session in which the NAS was claimed: it is proof of standing beside it.
	FirstRun bool
	// Scope is what a machine's token needs; empty: no machine may call.
	Scope   string
	Handler echo.HandlerFunc
}
