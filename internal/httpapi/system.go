package httpapi

import (
	"context"

	"castellan/internal/access/account"
	"castellan/internal/box/button"
	"castellan/internal/event"
	"castellan/internal/httpapi/api"
	"castellan/internal/reset"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func (h *handlers) GetSettings(context.Context, api.GetSettingsRequestObject) (api.GetSettingsResponseObject, error) {
	s := h.settings()
	return api.GetSettings200JSONResponse{NasName: s.NASName, TimeZone: s.TimeZone}, nil
}

func (h *handlers) ChangeSettings(ctx context.Context, r api.ChangeSettingsRequestObject) (api.ChangeSettingsResponseObject, error) {
	var before, after settings.Settings
	err := h.change(ctx, func(tx *store.Tx) (err error) {
		if before, err = settings.Get(tx); err != nil {
			return err
		}
		after = before
		if r.Body.NasName != nil {
			after.NASName = *r.Body.NasName
		}
		if r.Body.TimeZone != nil {
			after.TimeZone = *r.Body.TimeZone
		}
		if err := settings.Put(tx, after); err != nil {
			return err
		}
		return h.recordSettings(ctx, tx,
			setting{"Name of the NAS", before.NASName, after.NASName}, setting{"Time zone", before.TimeZone, after.TimeZone})
	})
	if err != nil {
		return nil, err
	}
	if before.NASName != after.NASName {
		h.Renamed()
	}
	if before.TimeZone != after.TimeZone {
		h.Time.Keeper.SetZone(after.TimeZone)
	}
	return api.ChangeSettings200JSONResponse{NasName: after.NASName, TimeZone: after.TimeZone}, nil
}

// setting is what one setting was and is.
type setting struct{ what, from, to string }

// recordSettings records those that are different from before.
func (h *handlers) recordSettings(ctx context.Context, tx *store.Tx, all ...setting) error {
	for _, s := range all {
		if s.from == s.to {
			continue
		}
		e := callerOf(ctx).event(event.SettingsChanged).With("what", s.what).With("from", s.from).With("to", s.to)
		if err := h.Log.Record(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// showDefaultPassword returns the default password and records that it was shown.
func (h *handlers) showDefaultPassword(tx *store.Tx, e event.Event, where string) (v api.DefaultPassword, err error) {
	v.Name = account.BuiltIn
	if v.Password, err = h.Box.DefaultPassword(tx); err != nil {
		return v, err
	}
	return v, h.Log.Record(tx, e.With("where", where))
}

func (h *handlers) ShowDefaultPassword(ctx context.Context, _ api.ShowDefaultPasswordRequestObject) (api.ShowDefaultPasswordResponseObject, error) {
	var v api.DefaultPassword
	err := h.change(ctx, func(tx *store.Tx) (err error) {
		v, err = h.showDefaultPassword(tx, callerOf(ctx).event(event.DefaultShown), "on screen")
		return err
	})
	return api.ShowDefaultPassword200JSONResponse(v), err
}

func (h *handlers) GetHealth(ctx context.Context, _ api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	worst, checks, err := h.Doctor.Examine(callerOf(ctx).account)
	v := api.GetHealth200JSONResponse{Level: api.Level(worst), Checks: []api.Check{}}
	for _, c := range checks {
		v.Checks = append(v.Checks, api.Check{Code: api.CheckCode(c.Code), Level: api.Level(c.Level), Title: c.Title, Value: c.Value, Detail: c.Detail})
	}
	return v, err
}

func (h *handlers) GetAbout(context.Context, api.GetAboutRequestObject) (api.GetAboutResponseObject, error) {
	return api.GetAbout200JSONResponse{
		Version: h.Build.Version, Go: h.Build.Go, Platform: h.Build.Platform, Licence: "Apache-2.0", Libraries: h.Libraries,
	}, nil
}

func (h *handlers) LocalDefaultPassword(context.Context, api.LocalDefaultPasswordRequestObject) (api.LocalDefaultPasswordResponseObject, error) {
	var v api.DefaultPassword
	err := h.DB.Update(func(tx *store.Tx) (err error) {
		v, err = h.showDefaultPassword(tx, event.Event{Kind: event.DefaultShown, Actor: "root"}, "on the NAS itself")
		return err
	})
	return api.LocalDefaultPassword200JSONResponse(v), err
}

func (h *handlers) LocalBeforeReset(context.Context, api.LocalBeforeResetRequestObject) (api.LocalBeforeResetResponseObject, error) {
	s, err := h.Reset.Before()
	return api.LocalBeforeReset200JSONResponse(beforeView(s)), err
}

func beforeView(s reset.Snapshot) api.BeforeReset {
	v := api.BeforeReset{
		Taken: s.Taken, NasName: s.NASName, TimeZone: s.TimeZone, Policy: policyView(s.Policy), GroupNames: append([]string{}, s.Groups...),
		Limits: api.Limits(s.Defender.Limits), Allow: ruleTexts(s.Defender.Allow), Block: ruleTexts(s.Defender.Block), Button: api.FormerButton{Enabled: !s.Button.Disabled},
	}
	if s.Button.Device != "" {
		v.Button.Learnt = button.InputKey{Device: s.Button.Device, Key: s.Button.Key}.Name()
	}
	if o := s.Owner; o != nil {
		v.Owner = &api.FormerOwner{Name: o.Name, DisplayName: o.DisplayName, Email: o.Email, EmailConfirmed: o.Confirmed, Disabled: o.Disabled, Language: o.Language}
	}
	return v
}

func (h *handlers) LocalRecover(ctx context.Context, r api.LocalRecoverRequestObject) (api.LocalRecoverResponseObject, error) {
	if err := h.Office.CanRecover(r.Body.Name); err != nil { // a name that is wrong costs nothing
		return nil, err
	}
	h.Recovering(ctx) // first: how long the password is good for is counted from the time that is believed then
	g, err := h.Office.Recover(ctx, r.Body.Name)
	return api.LocalRecover200JSONResponse(givenView(g)), err
}
