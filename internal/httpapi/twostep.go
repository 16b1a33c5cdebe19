package httpapi

import (
	"context"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/signin"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

// twoStep renders the ways in of an account to the person it belongs to.
func (h *handlers) twoStep(id string) (v api.TwoStep, err error) {
	v = api.TwoStep{Devices: []api.Device{}, MostDevices: factor.MaxDevices, Clock: clockView(h.Clock.Reading(), h.settings().TimeZone)}
	if w, ok := h.Door.Factors.Pending(id); ok {
		v.Pending = &api.PendingWay{Way: api.Way(w.Way), Name: w.Name, ExpiresIn: seconds(w.Left)}
	}
	err = h.DB.View(func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		v.Enabled = factor.Enabled(tx, id)
		if v.Demanded, err = factor.Demanded(tx, a); err != nil {
			return err
		}
		list, err := factor.List(tx, id)
		if err != nil {
			return err
		}
		for _, d := range list {
			v.Devices = append(v.Devices, deviceView(d))
		}
		obstacle, err := factor.EmailObstacle(tx, a)
		v.Email = api.EmailWay{On: factor.EmailOn(tx, id), Available: obstacle == "", Detail: obstacle, Address: a.Email}
		if err != nil {
			return err
		}
		r, err := factor.RecoveryOf(tx, id)
		v.Recovery = api.RecoveryState{Left: r.Left, Total: factor.RecoveryCodes, Made: when(r.Made), Renew: v.Enabled && r.Renew()}
		return err
	})
	return v, err
}

// changed renders the ways in after a change to them.
func (h *handlers) changed(ctx context.Context, c signin.Changed) (v api.TwoStepChanged, err error) {
	who := callerOf(ctx)
	who.renewed(c)
	v.SessionsEnded, v.Token = c.Ended, c.Token
	v.TwoStep, err = h.twoStep(who.account.ID)
	return v, err
}

func codesOf(codes []string) *[]string {
	if codes == nil {
		return nil
	}
	return &codes
}

func (h *handlers) GetTwoStep(ctx context.Context, _ api.GetTwoStepRequestObject) (api.GetTwoStepResponseObject, error) {
	v, err := h.twoStep(callerOf(ctx).account.ID)
	return api.GetTwoStep200JSONResponse(v), err
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
		Qr: api.QR{Size: qr.Size, Path: qr.Path}, ExpiresIn: seconds(e.Left), RecoveryCodes: codesOf(e.Recovery),
	}, nil
}

func (h *handlers) CancelEnrolment(ctx context.Context, _ api.CancelEnrolmentRequestObject) (api.CancelEnrolmentResponseObject, error) {
	who := callerOf(ctx)
	return api.CancelEnrolment204Response{}, h.Door.CancelEnrolment(who.visitor, who.session)
}

func (h *handlers) ConfirmEnrolment(ctx context.Context, r api.ConfirmEnrolmentRequestObject) (api.ConfirmEnrolmentResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ConfirmEnrolment(ctx, who.visitor, who.cookie, who.session, factor.Confirmation{
		ID: r.Id, Name: value(r.Body.Name), Code: r.Body.Code, Saved: value(r.Body.Saved),
	})
	if err != nil {
		return nil, err
	}
	v, err := h.changed(ctx, c)
	return api.ConfirmEnrolment200JSONResponse(v), err
}

func (h *handlers) RenameDevice(ctx context.Context, r api.RenameDeviceRequestObject) (api.RenameDeviceResponseObject, error) {
	who := callerOf(ctx)
	if err := h.Door.RenameDevice(who.visitor, who.session, r.Id, r.Body.Name); err != nil {
		return nil, err
	}
	v, err := h.twoStep(who.account.ID)
	return api.RenameDevice200JSONResponse(v), err
}

func (h *handlers) RemoveDevice(ctx context.Context, r api.RemoveDeviceRequestObject) (api.RemoveDeviceResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.RemoveDevice(who.visitor, who.cookie, who.session, r.Id)
	if err != nil {
		return nil, err
	}
	v, err := h.changed(ctx, c)
	return api.RemoveDevice200JSONResponse(v), err
}

func (h *handlers) StartEmailWay(ctx context.Context, _ api.StartEmailWayRequestObject) (api.StartEmailWayResponseObject, error) {
	who := callerOf(ctx)
	s, e, err := h.Door.StartEmailWay(ctx, who.visitor, who.session)
	if err != nil {
		return nil, err
	}
	return api.StartEmailWay201JSONResponse{Sent: sentView(s), RecoveryCodes: codesOf(e.Recovery)}, nil
}

func (h *handlers) ConfirmEmailWay(ctx context.Context, r api.ConfirmEmailWayRequestObject) (api.ConfirmEmailWayResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.ConfirmEmailWay(who.visitor, who.cookie, who.session, factor.Confirmation{Code: r.Body.Code, Saved: value(r.Body.Saved)})
	if err != nil {
		return nil, err
	}
	v, err := h.changed(ctx, c)
	return api.ConfirmEmailWay200JSONResponse(v), err
}

func (h *handlers) TurnEmailWayOff(ctx context.Context, _ api.TurnEmailWayOffRequestObject) (api.TurnEmailWayOffResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.RemoveEmailWay(who.visitor, who.cookie, who.session)
	if err != nil {
		return nil, err
	}
	v, err := h.changed(ctx, c)
	return api.TurnEmailWayOff200JSONResponse(v), err
}

func (h *handlers) RenewRecoveryCodes(ctx context.Context, _ api.RenewRecoveryCodesRequestObject) (api.RenewRecoveryCodesResponseObject, error) {
	who := callerOf(ctx)
	codes, err := h.Door.RenewRecovery(who.visitor, who.session)
	return api.RenewRecoveryCodes201JSONResponse{Codes: codes}, err
}

func (h *handlers) TurnTwoStepOff(ctx context.Context, r api.TurnTwoStepOffRequestObject) (api.TurnTwoStepOffResponseObject, error) {
	who := callerOf(ctx)
	c, err := h.Door.TurnOff(ctx, who.visitor, who.cookie, who.session, proofOf(r.Body))
	if err != nil {
		return nil, err
	}
	who.renewed(c)
	return api.TurnTwoStepOff204Response{}, nil
}

func (h *handlers) PostponeTwoStep(ctx context.Context, _ api.PostponeTwoStepRequestObject) (api.PostponeTwoStepResponseObject, error) {
	who := callerOf(ctx)
	return api.PostponeTwoStep204Response{}, h.Door.Postpone(who.visitor, who.session)
}
