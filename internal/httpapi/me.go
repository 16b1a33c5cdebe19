package httpapi

import (
	"context"
	"net/http"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
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
	return signin.Proof{Password: p.Password, Code: value(p.Code)}
}

func (h *handlers) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	who := callerOf(ctx)
	return api.GetMe200JSONResponse(meView(who.account, who.twoStep)), nil
}

func (h *handlers) ChangeMe(ctx context.Context, r api.ChangeMeRequestObject) (api.ChangeMeResponseObject, error) {
	p, err := h.Office.ChangeOwn(callerOf(ctx).actor(), people.OwnChange{DisplayName: r.Body.DisplayName, Language: r.Body.Language})
	return api.ChangeMe200JSONResponse(meView(p.Account, p.TwoStep)), err
}

func (h *handlers) ChangeEmail(ctx context.Context, r api.ChangeEmailRequestObject) (api.ChangeEmailResponseObject, error) {
	p, err := h.Office.ChangeOwn(callerOf(ctx).actor(), people.OwnChange{Email: &r.Body.Email})
	return api.ChangeEmail200JSONResponse(meView(p.Account, p.TwoStep)), err
}

func (h *handlers) ChangePassword(ctx context.Context, r api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	who := callerOf(ctx)
	renewed, err := h.Door.ChangePassword(ctx, who.visitor, who.cookie, who.session, r.Body.Current, r.Body.Password)
	if err != nil {
		return nil, err
	}
	who.give(SessionCookie, renewed)
	return api.ChangePassword204Response{}, nil
}

func (h *handlers) GetDesktop(ctx context.Context, _ api.GetDesktopRequestObject) (api.GetDesktopResponseObject, error) {
	var d account.Desktop
	err := h.DB.View(func(tx *store.Tx) (err error) { d, err = account.DesktopOf(tx, callerOf(ctx).account.ID); return err })
	return api.GetDesktop200JSONResponse(desktopView(d)), err
}

func (h *handlers) SaveDesktop(ctx context.Context, r api.SaveDesktopRequestObject) (api.SaveDesktopResponseObject, error) {
	err := h.DB.Update(func(tx *store.Tx) error {
		return account.PutDesktop(tx, callerOf(ctx).account.ID, desktopOf(*r.Body))
	})
	return api.SaveDesktop204Response{}, err
}

// devices returns the confirmed devices of an account.
func (h *handlers) devices(id string) (list []factor.Device, err error) {
	err = h.DB.View(func(tx *store.Tx) (err error) { list, err = factor.List(tx, id); return err })
	return list, err
}

func (h *handlers) GetTwoStep(ctx context.Context, _ api.GetTwoStepRequestObject) (api.GetTwoStepResponseObject, error) {
	list, err := h.devices(callerOf(ctx).account.ID)
	return api.GetTwoStep200JSONResponse(twoStepView(list, h.Clock.Reading(), h.settings().TimeZone)), err
}

func (h *handlers) StartEnrolment(ctx context.Context, r api.StartEnrolmentRequestObject) (api.StartEnrolmentResponseObject, error) {
	who := callerOf(ctx)
	e, a, err := h.Door.StartEnrolment(ctx, who.visitor, who.session, r.Body.Name)
	if err != nil {
		return nil, err
	}
	label := otp.Label(a.Name, h.settings().NASName)
	uri := e.Secret.URI(label)
	qr, err := otp.Draw(uri)
	if err != nil {
		return nil, err
	}
	return api.StartEnrolment201JSONResponse{
		Id: e.ID, Name: e.Name, Secret: e.Secret.Base32(), Uri: uri, Account: label,
		Qr: api.QR{Size: qr.Size, Path: qr.Path}, ExpiresIn: seconds(e.Left),
	}, nil
}

func (h *handlers) CancelEnrolment(ctx context.Context, r api.CancelEnrolmentRequestObject) (api.CancelEnrolmentResponseObject, error) {
	who := callerOf(ctx)
	return api.CancelEnrolment204Response{}, h.Door.CancelEnrolment(who.visitor, who.session, r.Id)
}

func (h *handlers) ConfirmEnrolment(ctx context.Context, r api.ConfirmEnrolmentRequestObject) (api.ConfirmEnrolmentResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ConfirmEnrolment(ctx, who.visitor, who.cookie, who.session, r.Id, value(r.Body.Name), r.Body.Code)
	if err != nil {
		return nil, err
	}
	who.give(SessionCookie, c.Cookie)
	list, err := h.devices(who.account.ID)
	return api.ConfirmEnrolment200JSONResponse{
		TwoStep: twoStepView(list, h.Clock.Reading(), h.settings().TimeZone), SessionsEnded: c.Ended, Token: c.Token,
	}, err
}

func (h *handlers) TurnTwoStepOff(ctx context.Context, r api.TurnTwoStepOffRequestObject) (api.TurnTwoStepOffResponseObject, error) {
	who := callerOf(ctx)
	renewed, err := h.Door.TurnOff(ctx, who.visitor, who.cookie, who.session, proofOf(r.Body))
	if err != nil {
		return nil, err
	}
	who.give(SessionCookie, renewed)
	return api.TurnTwoStepOff204Response{}, nil
}

func (h *handlers) PostponeTwoStep(ctx context.Context, _ api.PostponeTwoStepRequestObject) (api.PostponeTwoStepResponseObject, error) {
	who := callerOf(ctx)
	return api.PostponeTwoStep204Response{}, h.Door.Postpone(who.visitor, who.session)
}
