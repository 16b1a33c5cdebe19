package httpapi

import (
	"context"
	"errors"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/box/button"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

// handlers gives every operation of the contract its one call.
type handlers struct{ *API }

var _ api.StrictServerInterface = (*handlers)(nil)

// GetStatus tells a stranger what a stranger may know.
func (h *handlers) GetStatus(ctx context.Context, _ api.GetStatusRequestObject) (api.GetStatusResponseObject, error) {
	s := h.settings()
	v := api.GetStatus200JSONResponse{
		State: api.StateReady, Visitor: callerOf(ctx).progress, NasName: s.NASName, Fingerprint: h.Certificate.Fingerprint(), Clock: clockView(h.Clock.Reading(), s.TimeZone),
		Mail: api.MailOff,
	}
	if h.Recovery != nil {
		v.State = api.StateRecoveryRequired
		v.Recovery = &api.RecoveryNeed{Code: h.Recovery.Code, Detail: h.Recovery.Message}
		return v, nil
	}
	var owned, before, anew, label bool
	err := h.DB.View(func(tx *store.Tx) (err error) {
		if owned, before, err = claim.Owned(tx); err == nil {
			anew, label, err = claim.Anew(tx)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	mail, err := h.mailState()
	if err != nil {
		return nil, err
	}
	v.Mail = mail
	b := h.Button.Status()
	press := b.Works() && callerOf(ctx).visitor.Local
	// A test is over in a minute: whoever reads of the ways back in wants to know what is there.
	lasting := b
	lasting.Testing = 0
	works := b.Kind != button.None && lasting.Works()
	v.Press, v.Button = &press, &works
	if !owned {
		v.State = api.StateUnclaimed
		v.Claim = &api.ClaimStatus{Button: b.Kind != button.None && b.Works(), Local: callerOf(ctx).visitor.Local, Again: before, Anew: anew, Label: label}
	}
	if !owned || v.Visitor == api.VisitorSignedIn {
		trouble := h.Doctor.NetworkTrouble()
		v.Network = &api.NetworkState{Working: trouble == "", Message: trouble}
	}
	return v, nil
}

// step turns a step of a sign-in into an answer and its cookies.
func (h *handlers) step(ctx context.Context, s signin.Step) api.SignInStep {
	who := callerOf(ctx)
	switch {
	case s.Cookie == "":
	case s.Next == signin.NextDone:
		who.give(SessionCookie, s.Cookie)
		who.take(TicketCookie)
	default:
		who.give(TicketCookie, s.Cookie)
	}
	if s.Browser != "" {
		who.know(s.Browser)
	}
	return stepView(s, h.settings().TimeZone)
}

// ended takes the ticket's cookie away when its ticket is gone.
func ended(ctx context.Context, err error) error {
	if errors.Is(err, signin.ErrExpired) {
		callerOf(ctx).take(TicketCookie)
	}
	return err
}

func (h *handlers) SignIn(ctx context.Context, r api.SignInRequestObject) (api.SignInResponseObject, error) {
	s, err := h.Door.Password(ctx, callerOf(ctx).visitor, r.Body.Name, r.Body.Password)
	if err != nil {
		return nil, err
	}
	return api.SignIn200JSONResponse(h.step(ctx, s)), nil
}

func (h *handlers) GetSignIn(ctx context.Context, _ api.GetSignInRequestObject) (api.GetSignInResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.Resume(who.visitor, who.cookie)
	if err != nil {
		return nil, err // the ticket may still wait for the button
	}
	return api.GetSignIn200JSONResponse(h.step(ctx, s)), nil
}

func (h *handlers) CancelSignIn(ctx context.Context, _ api.CancelSignInRequestObject) (api.CancelSignInResponseObject, error) {
	who := callerOf(ctx)
	h.Door.Cancel(who.cookie)
	who.take(TicketCookie)
	return api.CancelSignIn204Response{}, nil
}

func (h *handlers) SignInCode(ctx context.Context, r api.SignInCodeRequestObject) (api.SignInCodeResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.Code(ctx, who.visitor, who.cookie, factor.Given{Way: wayOf(r.Body.Way), Text: value(r.Body.Code)})
	if err != nil {
		return nil, ended(ctx, err)
	}
	return api.SignInCode200JSONResponse(h.step(ctx, s)), nil
}

func (h *handlers) SendSignInCode(ctx context.Context, _ api.SendSignInCodeRequestObject) (api.SendSignInCodeResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.SendCode(ctx, who.visitor, who.cookie)
	if err != nil {
		return nil, ended(ctx, err)
	}
	return api.SendSignInCode200JSONResponse(sentView(s)), nil
}

func (h *handlers) SignInPassword(ctx context.Context, r api.SignInPasswordRequestObject) (api.SignInPasswordResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.OwnPassword(ctx, who.visitor, who.cookie, r.Body.Password)
	if err != nil {
		return nil, ended(ctx, err)
	}
	return api.SignInPassword200JSONResponse(h.step(ctx, s)), nil
}

func (h *handlers) WaitForButton(ctx context.Context, _ api.WaitForButtonRequestObject) (api.WaitForButtonResponseObject, error) {
	who := callerOf(ctx)
	if !h.Button.Status().Works() {
		return nil, errNoButton
	}
	s, err := h.Door.AwaitPress(who.visitor)
	if err != nil {
		return nil, err
	}
	who.give(TicketCookie, s.Cookie)
	return api.WaitForButton200JSONResponse(waitView(presence.Waiting, s.Token, s.Left)), nil
}

func (h *handlers) GetButtonWait(ctx context.Context, _ api.GetButtonWaitRequestObject) (api.GetButtonWaitResponseObject, error) {
	state, token, left, err := h.Door.Press(callerOf(ctx).cookie)
	if err != nil {
		return nil, err
	}
	return api.GetButtonWait200JSONResponse(waitView(state, token, left)), nil
}

func (h *handlers) Claim(ctx context.Context, r api.ClaimRequestObject) (api.ClaimResponseObject, error) {
	who := callerOf(ctx)
	s, err := h.Door.Claim(ctx, who.visitor, who.cookie, claim.Claim{
		Name: r.Body.Name, DisplayName: value(r.Body.DisplayName), Email: value(r.Body.Email), Password: r.Body.Password,
		NASName: value(r.Body.NasName), TimeZone: value(r.Body.TimeZone),
	})
	if err != nil {
		return nil, ended(ctx, err)
	}
	h.Renamed()
	if r.Body.TimeZone != nil {
		h.Time.Keeper.SetZone(*r.Body.TimeZone)
	}
	return api.Claim201JSONResponse(h.step(ctx, s)), nil
}

var errNoButton = &fault.Error{Kind: fault.Conflict, Code: "no_button", Message: "The button of this NAS does not answer. Use the default password."}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// mySession renders the session of the caller as it is after a change.
func (h *handlers) mySession(cookie string) (api.Session, error) {
	s, left, ok := h.Sessions.Find(cookie, false)
	if !ok {
		return api.Session{}, session.ErrEnded
	}
	me, err := h.me(s.Account)
	if err != nil {
		return api.Session{}, err
	}
	must := false
	if !me.TwoStep || s.Enrol {
		err = h.DB.View(func(tx *store.Tx) error {
			a, err := account.Get(tx, s.Account)
			if err == nil {
				must, err = h.Door.MustEnrol(tx, a, s)
			}
			return err
		})
	}
	return sessionView(s, left, me, h.settings().NASName, must), err
}
