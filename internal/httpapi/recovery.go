package httpapi

import (
	"context"

	"castellan/internal/access/password"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/httpapi/api"
)

func recoveryVisitor(ctx context.Context) recovery.Visitor {
	v := callerOf(ctx).visitor
	return recovery.Visitor{Address: v.Address, Source: v.Source, Agent: v.Agent, Request: v.Request}
}

// Forgotten answers the same for every address.
func (h *handlers) Forgotten(ctx context.Context, r api.ForgottenRequestObject) (api.ForgottenResponseObject, error) {
	if err := h.Desk.Forgotten(recoveryVisitor(ctx), r.Body.Email); err != nil {
		return nil, err
	}
	return api.Forgotten202JSONResponse{LinkMinutes: int(session.LinkFor.Minutes()), AgainIn: seconds(throttle.MailPause)}, nil
}

func (h *handlers) OpenPasswordLink(_ context.Context, r api.OpenPasswordLinkRequestObject) (api.OpenPasswordLinkResponseObject, error) {
	o, err := h.Desk.Open(r.Body.Link)
	if err != nil {
		return nil, err
	}
	return api.OpenPasswordLink200JSONResponse{
		Person: api.Person{Name: o.Account.Name, DisplayName: o.Account.DisplayName}, Purpose: api.PasswordLinkPurpose(o.Purpose),
		PasswordMin: o.PasswordMin, ExpiresIn: seconds(o.Left),
	}, nil
}

func (h *handlers) UsePasswordLink(ctx context.Context, r api.UsePasswordLinkRequestObject) (api.UsePasswordLinkResponseObject, error) {
	if err := h.Desk.SetPassword(ctx, recoveryVisitor(ctx), r.Body.Link, r.Body.Password); err != nil {
		return nil, err
	}
	return api.UsePasswordLink204Response{}, nil
}

func (h *handlers) SuggestPassphrase(context.Context, api.SuggestPassphraseRequestObject) (api.SuggestPassphraseResponseObject, error) {
	phrase, bits := password.Phrase()
	return api.SuggestPassphrase200JSONResponse{Phrase: phrase, Words: password.PhraseWords, Bits: bits}, nil
}

// mailState says whether this NAS can send mail.
func (h *handlers) mailState() (api.StatusMail, error) {
	set, trouble, err := h.Desk.Mail()
	switch {
	case err != nil || !set:
		return api.MailOff, err
	case trouble != "":
		return api.MailFails, nil
	}
	return api.MailWorks, nil
}
