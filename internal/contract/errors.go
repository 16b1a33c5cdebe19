package main

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// everywhere are the codes that any operation may answer with.
var everywhere = []string{"address_blocked", "busy", "internal", "method_not_allowed", "not_found", "recovery_required", "tls_required", "unknown_host"}

// machine are the codes with which a token is refused.
var machine = []string{"second_factor_required", "signature_refused", "signature_time", "signature_used", "token_on_hold", "token_refused", "too_many_signatures"}

// errorsOf returns the codes that an operation may answer with beside those of everywhere: those that stand beside it, and those
// that follow from its other words.
func errorsOf(op operation) []string {
	codes := []string{}
	add := func(when bool, more ...string) {
		if when {
			codes = append(codes, more...)
		}
	}
	if own, ok := op.Extensions["x-errors"].([]any); ok {
		for _, code := range own {
			codes = append(codes, code.(string))
		}
	}
	writes := op.method != "GET"
	access := op.word("x-access")
	signedIn := access == "user" || access == "administrator" || access == ""
	add(slices.ContainsFunc(op.parameters, func(p *openapi3.ParameterRef) bool { return p.Value.In == "query" }), "malformed", "invalid")
	add(op.RequestBody != nil, "json_required", "malformed", "too_large", "invalid")
	add(!op.is("x-unclaimed"), "unclaimed")
	add(writes, "storage_unwritable")
	add(writes && access != "local" || signedIn, "foreign_origin")
	add(access == "ticket", "sign_in_expired")
	add(writes && (signedIn || access == "ticket"), "token_missing")
	add(signedIn, "signed_out")
	add(signedIn, machine...)
	add(signedIn && op.word("x-scope") == "", "token_not_for_this")
	add(signedIn && !op.is("x-enrol"), "enrollment_required")
	add(access == "administrator" || access == "", "not_allowed")
	add(op.is("x-step-up"), "step_up_required")
	add(op.word("x-scope") != "", "scope_missing")
	slices.Sort(codes)
	return slices.Compact(codes)
}

// securitySchemes are what callers bring, in the words of OpenAPI.
func securitySchemes() openapi3.SecuritySchemes {
	cookie := func(name, words string) *openapi3.SecuritySchemeRef {
		return &openapi3.SecuritySchemeRef{Value: &openapi3.SecurityScheme{Type: "apiKey", In: "cookie", Name: name, Description: words}}
	}
	return openapi3.SecuritySchemes{
		"session": cookie("__Host-castellan", "A browser that is signed in. Every change also bears the header `Castellan-Token` of its page."),
		"ticket":  cookie("__Host-castellan-ticket", "A browser that is half signed in."),
		"token": &openapi3.SecuritySchemeRef{Value: &openapi3.SecurityScheme{
			Type: "http", Scheme: "bearer", Description: "A machine: an access token, or an API token with a signature over the request (RFC 9421).",
		}},
	}
}

// securityOf says what the caller of an operation brings. What the Unix socket alone answers wants nothing more.
func securityOf(op operation) *openapi3.SecurityRequirements {
	all := openapi3.SecurityRequirements{}
	switch op.word("x-access") {
	case "public", "local":
	case "ticket":
		all = append(all, openapi3.SecurityRequirement{"ticket": {}})
	default:
		all = append(all, openapi3.SecurityRequirement{"session": {}})
		if op.word("x-scope") != "" {
			all = append(all, openapi3.SecurityRequirement{"token": {}})
		}
	}
	if op.OperationID == "StartMachineSession" {
		all = append(all, openapi3.SecurityRequirement{"token": {}})
	}
	return &all
}
