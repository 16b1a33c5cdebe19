package httpapi

import (
	"context"
	"net/netip"

	"castellan/internal/access/people"
	"castellan/internal/access/throttle"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
)

func ruleTexts(list []netip.Prefix) []string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = settings.RuleWords(p)
	}
	return texts
}

func slowDownView(s people.SlowDown) api.SlowDown {
	v := api.SlowDown{Id: s.ID, Rule: api.SlowDownRule(s.Rule), Tries: s.Tries, Left: seconds(s.Left), Closed: s.Closed}
	if s.Name != "" {
		v.Account = &s.Name
	}
	if s.Token != "" {
		v.Token = &s.Machine
	}
	if s.Source != "" {
		v.Source = &s.Source
	}
	return v
}

// levels renders what can be chosen as limits.
func levels() (list []api.LimitsLevel) {
	for _, l := range []settings.Limits{settings.RelaxedLimits, settings.NormalLimits, settings.StrictLimits} {
		f := throttle.LevelOf(string(l)).Figures()
		list = append(list, api.LimitsLevel{
			Limits: api.Limits(l), FreeTries: f.FreeTries, LongestWait: seconds(f.LongestWait),
			SourceTries: f.SprayTries, SourceWindow: seconds(throttle.SprayWindow), SourcePause: seconds(f.SprayPause),
		})
	}
	return list
}

// defenderOf renders the Defender to an administrator.
func (h *handlers) defenderOf(ctx context.Context) (api.Defender, error) {
	d, slow, total, err := h.Office.Defender()
	v := api.Defender{
		Limits: api.Limits(d.Limits), Allow: ruleTexts(d.Allow), Block: ruleTexts(d.Block), OwnAddress: callerOf(ctx).visitor.Address,
		SlowDowns: []api.SlowDown{}, Total: total, Levels: levels(),
	}
	for _, s := range slow {
		v.SlowDowns = append(v.SlowDowns, slowDownView(s))
	}
	return v, err
}

func (h *handlers) GetDefender(ctx context.Context, _ api.GetDefenderRequestObject) (api.GetDefenderResponseObject, error) {
	v, err := h.defenderOf(ctx)
	return api.GetDefender200JSONResponse(v), err
}

func (h *handlers) ChangeDefender(ctx context.Context, r api.ChangeDefenderRequestObject) (api.ChangeDefenderResponseObject, error) {
	d := settings.Defender{Limits: settings.Limits(r.Body.Limits)}
	var err error
	if d.Allow, err = settings.Rules("allow", r.Body.Allow); err != nil {
		return nil, err
	}
	if d.Block, err = settings.Rules("block", r.Body.Block); err != nil {
		return nil, err
	}
	if err := h.Office.SetDefender(callerOf(ctx).actor(), d, value(r.Body.Confirm)); err != nil {
		return nil, err
	}
	v, err := h.defenderOf(ctx)
	return api.ChangeDefender200JSONResponse(v), err
}

func (h *handlers) LiftSlowDown(ctx context.Context, r api.LiftSlowDownRequestObject) (api.LiftSlowDownResponseObject, error) {
	return api.LiftSlowDown204Response{}, h.Office.Lift(callerOf(ctx).actor(), r.Id)
}

func (h *handlers) AskUnlock(ctx context.Context, r api.AskUnlockRequestObject) (api.AskUnlockResponseObject, error) {
	return api.AskUnlock204Response{}, h.Door.AskUnlock(callerOf(ctx).visitor, r.Body.Name)
}

func (h *handlers) UnlockBrowser(ctx context.Context, r api.UnlockBrowserRequestObject) (api.UnlockBrowserResponseObject, error) {
	who := callerOf(ctx)
	cookie, err := h.Door.Unlock(who.visitor, r.Body.Token)
	if err != nil {
		return nil, err
	}
	who.know(cookie)
	return api.UnlockBrowser204Response{}, nil
}
