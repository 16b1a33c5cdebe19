package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/people"
	"castellan/internal/access/signin"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

func (h *handlers) GetSession(ctx context.Context, _ api.GetSessionRequestObject) (api.GetSessionResponseObject, error) {
	v, err := h.mySession(callerOf(ctx).cookie)
	return api.GetSession200JSONResponse(v), err
}

// signedOut is the answer to a sign-out: the browser forgets what it kept of this site.
type signedOut struct{}

// VisitSignOutResponse writes the answer.
func (signedOut) VisitSignOutResponse(w http.ResponseWriter) error {
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handlers) SignOut(ctx context.Context, _ api.SignOutRequestObject) (api.SignOutResponseObject, error) {
	who := callerOf(ctx)
	who.take(SessionCookie)
	if err := h.Door.SignOut(who.cookie, who.session, who.account.Name); err != nil {
		h.Out.Warn("record sign-out", "err", err) // the session has ended all the same
	}
	return signedOut{}, nil
}

func (h *handlers) StepUp(ctx context.Context, r api.StepUpRequestObject) (api.StepUpResponseObject, error) {
	who := callerOf(ctx)
	renewed, err := h.Door.StepUp(ctx, who.visitor, who.cookie, who.session, proofOf(r.Body))
	if err != nil {
		return nil, err
	}
	who.give(SessionCookie, renewed)
	v, err := h.mySession(renewed)
	return api.StepUp200JSONResponse(v), err
}

func proofOf(p *api.Proof) signin.Proof {
	return signin.Proof{Password: p.Password, Factor: factor.Given{Way: wayOf(p.Way), Text: value(p.Code)}}
}

// wayOf returns the way of a code, which is an app's when none is given.
func wayOf(w *api.Way) factor.Way { return factor.Way(cmp.Or(value(w), api.WayApp)) }

func sentView(s signin.Sent) api.CodeSent {
	return api.CodeSent{Sent: s.Now, To: s.To, ResendIn: seconds(s.Resend), ExpiresIn: seconds(s.Left)}
}

func (h *handlers) SendStepUpCode(ctx context.Context, _ api.SendStepUpCodeRequestObject) (api.SendStepUpCodeResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.SendProofCode(ctx, who.visitor, who.session)
	return api.SendStepUpCode200JSONResponse(sentView(s)), err
}

// me renders an account to the person it belongs to.
func (h *handlers) me(id string) (v api.Me, err error) {
	err = h.DB.View(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		ways, err := factor.Open(tx, a)
		v = meView(a, factor.Enabled(tx, id), ways, h.Door.WaitingAddress(id))
		return err
	})
	return v, err
}

func (h *handlers) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	v, err := h.me(callerOf(ctx).account.ID)
	return api.GetMe200JSONResponse(v), err
}

func (h *handlers) ChangeMe(ctx context.Context, r api.ChangeMeRequestObject) (api.ChangeMeResponseObject, error) {
	who := callerOf(ctx)
	_, err := h.Office.ChangeOwn(who.actor(), people.OwnChange{DisplayName: r.Body.DisplayName, Language: r.Body.Language})
	if err != nil {
		return nil, err
	}
	v, err := h.me(who.account.ID)
	return api.ChangeMe200JSONResponse(v), err
}

func (h *handlers) ChangeEmail(ctx context.Context, r api.ChangeEmailRequestObject) (api.ChangeEmailResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ChangeEmail(ctx, who.visitor, who.cookie, who.session, r.Body.Email)
	if err != nil {
		return nil, err
	}
	who.renewed(c)
	v, err := h.me(who.account.ID)
	return api.ChangeEmail200JSONResponse(v), err
}

func (h *handlers) ConfirmEmail(ctx context.Context, r api.ConfirmEmailRequestObject) (api.ConfirmEmailResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ConfirmEmail(who.visitor, who.cookie, who.session, r.Body.Code)
	if err != nil {
		return nil, err
	}
	who.renewed(c)
	v, err := h.me(who.account.ID)
	return api.ConfirmEmail200JSONResponse(v), err
}

func (h *handlers) CancelEmailChange(ctx context.Context, _ api.CancelEmailChangeRequestObject) (api.CancelEmailChangeResponseObject, error) {
	return api.CancelEmailChange204Response{}, h.Door.CancelEmailChange(callerOf(ctx).session)
}

func (h *handlers) UndoEmailChange(ctx context.Context, r api.UndoEmailChangeRequestObject) (api.UndoEmailChangeResponseObject, error) {
	return api.UndoEmailChange204Response{}, h.Door.UndoEmailChange(callerOf(ctx).visitor, r.Body.Token)
}

func (h *handlers) ChangePassword(ctx context.Context, r api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ChangePassword(ctx, who.visitor, who.cookie, who.session, r.Body.Current, r.Body.Password)
	if err != nil {
		return nil, err
	}
	who.renewed(c)
	return api.ChangePassword204Response{}, nil
}

func (h *handlers) GetDesktop(ctx context.Context, _ api.GetDesktopRequestObject) (api.GetDesktopResponseObject, error) {
	var d account.Desktop
	err := h.DB.View(func(tx *store.Tx) (err error) { d, err = account.DesktopOf(tx, callerOf(ctx).account.ID); return err })
	return api.GetDesktop200JSONResponse(desktopView(d)), err
}

func (h *handlers) SaveDesktop(ctx context.Context, r api.SaveDesktopRequestObject) (api.SaveDesktopResponseObject, error) {
	err := h.change(ctx, func(tx *store.Tx) error {
		return account.PutDesktop(tx, callerOf(ctx).account.ID, desktopOf(*r.Body))
	})
	return api.SaveDesktop204Response{}, err
}
