package httpapi

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/people"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/httpapi/api"
)

// The views turn what the rooms know into what the contract shows, and nothing else.

func seconds(d time.Duration) int { return max(int(d/time.Second), 0) }

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func clockView(r clock.Reading, zone string) api.Clock {
	level := map[clock.Level]api.Level{clock.OK: api.LevelOK, clock.Warn: api.LevelWarn, clock.Bad: api.LevelBad}
	return api.Clock{
		Now: r.Now, Zone: zone, State: api.ClockState(r.State), Level: level[r.Level()],
		OffsetMs: r.Offset.Milliseconds(), Message: r.Message(), Trusted: r.Trusted(), Reason: api.ClockReason(r.Reason), Advice: r.Advice(),
	}
}

func stepView(s signin.Step, zone string) api.SignInStep {
	v := api.SignInStep{Next: api.SignInStepNext(s.Next), Token: s.Token, ExpiresIn: seconds(s.Left)}
	if s.Account.ID != "" {
		v.Person = &api.Person{Name: s.Account.Name, DisplayName: cmp.Or(s.Account.DisplayName, s.Account.Name)}
	}
	if s.Next == signin.NextCode {
		ways := waysView(s.Ways)
		v.Ways = &ways
		if slices.Contains(s.Ways, factor.Email) {
			masked := account.Masked(s.Account.Email)
			v.Email = &masked
		}
	}
	if s.Repair {
		v.Repair = &s.Repair
	}
	if s.Again {
		v.SetUpAgain = &s.Again
	}
	if s.PasswordMin > 0 {
		v.PasswordMin = &s.PasswordMin
	}
	if !s.Clock.Now.IsZero() {
		c := clockView(s.Clock, zone)
		v.Clock = &c
	}
	return v
}

func waitView(state presence.State, token string, left time.Duration) api.ButtonWait {
	return api.ButtonWait{State: api.ButtonWaitState(state), Token: token, ExpiresIn: seconds(left)}
}

func waysView(ways []factor.Way) []api.Way {
	v := []api.Way{}
	for _, w := range ways {
		v = append(v, api.Way(w))
	}
	return v
}

func deviceView(d factor.Device) api.Device {
	v := api.Device{Id: d.ID, Name: d.Name, Added: d.Added, LastUsed: when(d.LastUsed)}
	if d.SetUpAgain {
		v.SetUpAgain = &d.SetUpAgain
	}
	return v
}

// meView shows an account to the person it belongs to. waiting is a new address that waits for its code.
func meView(a account.Account, twoStep bool, ways []factor.Way, waiting string) api.Me {
	v := api.Me{
		Id: a.ID, Name: a.Name, DisplayName: a.DisplayName, Email: a.Email, EmailConfirmed: a.Confirmed, Role: api.Role(a.Role),
		Language: cmp.Or(a.Language, "en"), TwoStep: twoStep, Ways: waysView(ways), PasswordMin: password.Min(twoStep), Created: a.Created,
	}
	if waiting != "" {
		v.NewEmail = &waiting
	}
	return v
}

func sessionView(s session.Session, left session.Left, me api.Me, nas string, mustEnrol bool) api.Session {
	return api.Session{
		Me: me, Token: s.Token, NasName: nas, MustEnrol: mustEnrol, MayPostpone: s.Claimed, Repair: left.Repair > 0,
		IdleIn: seconds(left.Idle), EndsIn: seconds(left.Life), StepUpIn: seconds(left.StepUp), ResetAt: when(s.ResetAt),
	}
}

func userView(p people.Person) api.User {
	v := api.User{
		Id: p.ID, Name: p.Name, DisplayName: p.DisplayName, Email: p.Email, Role: api.Role(p.Role), Disabled: p.Disabled,
		TwoStep: p.TwoStep, Demanded: p.Demanded, New: p.Password.Origin == account.Invited, Created: p.Created, LastSignIn: when(p.LastSignIn),
	}
	v.Waiting = p.Waiting() && !v.New
	if p.Link {
		state := api.InvitationSent
		if p.Lapsed {
			state = api.InvitationLapsed
		}
		v.Invitation = &state
	}
	return v
}

func addedView(g people.Given) api.AddedUser {
	v := api.AddedUser{User: userView(g.Person), ExpiresIn: seconds(g.Left)}
	if g.Password != "" {
		v.Password = &g.Password
	}
	return v
}

func givenView(g people.Given) api.TemporaryPassword {
	return api.TemporaryPassword{User: userView(g.Person), Password: g.Password, ExpiresIn: seconds(g.Left)}
}

func desktopView(d account.Desktop) api.Desktop {
	v := api.Desktop{Theme: api.DesktopTheme(d.Theme), Windows: []api.WindowPlace{}}
	for _, w := range d.Windows {
		v.Windows = append(v.Windows, api.WindowPlace{
			App: w.App, Page: w.Page, Screen: api.WindowPlaceScreen(w.Screen), X: w.X, Y: w.Y,
			Width: w.Width, Height: w.Height, State: api.WindowPlaceState(w.State), Open: w.Open,
		})
	}
	return v
}

func desktopOf(v api.Desktop) account.Desktop {
	d := account.Desktop{Theme: string(v.Theme)}
	for _, w := range v.Windows {
		d.Windows = append(d.Windows, account.Window{
			App: w.App, Page: w.Page, Screen: string(w.Screen), X: w.X, Y: w.Y,
			Width: w.Width, Height: w.Height, State: string(w.State), Open: w.Open,
		})
	}
	return d
}

func buttonView(s button.Status, now time.Time) api.Button {
	v := api.Button{
		Source: api.ButtonSource(s.Kind), Name: s.Name, State: api.ButtonState(s.State), HeldMs: s.Held.Milliseconds(), Detail: s.Describe(),
		Gesture: api.Gesture{
			ShortFromMs: int(s.Times.ShortFrom.Milliseconds()), ShortUntilMs: int(s.Times.ShortUntil.Milliseconds()),
			ResetFromMs: int(s.Times.ResetFrom.Milliseconds()), ResetUntilMs: int(s.Times.ResetUntil.Milliseconds()),
		},
		Enabled: !s.Disabled, Learnt: s.Learnt, CanLearn: s.CanLearn, Testing: seconds(s.Testing), Learning: seconds(s.Learning), RestIn: seconds(s.Rest),
		Guard: api.ButtonGuard(cmp.Or(string(s.Guard), "none")),
	}
	if trouble := s.Trouble(); trouble != "" {
		v.Trouble = &trouble
	}
	if s.Last != nil {
		v.Last = &api.LastPress{At: now.Add(-s.LastAgo), HeldMs: s.Last.Held.Milliseconds(), Outcome: api.Outcome(s.Last.Outcome)}
		if idle, means := api.LastPressIdle(s.Last.Idle), api.Outcome(s.Last.Means); idle != "" {
			v.Last.Idle, v.Last.Means = &idle, &means
		}
	}
	return v
}

func eventView(e event.Event) api.Event {
	v := api.Event{
		Id: strconv.FormatUint(e.Number, 10), Time: e.Time, ClockState: api.ClockState(e.Clock), Kind: string(e.Kind),
		Area: api.Area(e.Kind.Area()), Level: api.EventLevel(e.Level()), Outcome: api.EventOutcome(e.Outcome()), Message: e.Message(), Details: []api.Detail{},
	}
	if e.Actor != "" {
		v.Actor = &e.Actor
	}
	if e.Address != "" {
		v.Address = &e.Address
	}
	if e.Agent != "" {
		v.Details = append(v.Details, api.Detail{Name: "browser", Value: e.Agent})
	}
	if e.Request != "" {
		v.Details = append(v.Details, api.Detail{Name: "request", Value: e.Request})
	}
	for _, d := range e.Details {
		v.Details = append(v.Details, api.Detail{Name: d.Name, Value: d.Value})
	}
	return v
}
