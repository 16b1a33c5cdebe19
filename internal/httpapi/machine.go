package httpapi

import (
	"context"
	"errors"
	"net/http"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// errTokenless refuses to sell access to whoever brings no API token.
var errTokenless = &fault.Error{Kind: fault.Unauthenticated, Code: "token_required", Message: "This wants an API token, as Authorization: Bearer cst_…"}

func (h *handlers) ListMyTokens(ctx context.Context, _ api.ListMyTokensRequestObject) (api.ListMyTokensResponseObject, error) {
	who := callerOf(ctx)
	v := api.ListMyTokens200JSONResponse{
		Tokens: []api.ApiToken{}, Scopes: []api.ApiScope{}, Most: token.Most, Days: token.Days, MostDays: token.MostDays, TwoStep: who.twoStep,
	}
	for _, s := range token.Scopes() {
		if !s.Administrator || who.account.Role == account.Administrator {
			v.Scopes = append(v.Scopes, api.ApiScope{Name: s.Name, Words: s.Words, Writes: s.Writes})
		}
	}
	err := h.DB.View(func(tx *store.Tx) error {
		list, err := h.Tokens.List(tx, who.account.ID)
		for _, t := range list {
			v.Tokens = append(v.Tokens, h.tokenView(t, who.twoStep))
		}
		return err
	})
	return v, err
}

func (h *handlers) tokenView(t token.Token, twoStep bool) api.ApiToken {
	v := api.ApiToken{
		Id: t.ID, Name: t.Name, Prefix: t.Hint, Scopes: append([]string{}, t.Scopes...), Addresses: []string{}, Factor: api.FactorKind(t.Factor),
		Created: t.Created, Expires: t.Expires, Used: when(t.Used), State: api.ApiTokenState(h.Tokens.State(t, twoStep)),
	}
	for _, a := range t.Addresses {
		words := a.String()
		if a.IsSingleIP() {
			words = a.Addr().String()
		}
		v.Addresses = append(v.Addresses, words)
	}
	if t.Factor == token.Key {
		name := token.Fingerprint(t.Key)
		v.KeyFingerprint = &name
	}
	if t.UsedFrom != "" {
		v.UsedFrom = &t.UsedFrom
	}
	return v
}

// madeView renders a token of an account with what is shown this once.
func (h *handlers) madeView(m token.Made, owner string, twoStep bool) (v api.ApiTokenMade, err error) {
	v.Token, v.Account = h.tokenView(m.Token, twoStep), owner
	if m.Text != "" {
		v.Text = &m.Text
	}
	if len(m.Secret) == 0 {
		return v, nil
	}
	secret, uri := m.Secret.Base32(), m.Secret.URI(otp.Label(m.Token.Name, h.settings().NASName))
	qr, err := otp.Draw(uri)
	v.Secret, v.Uri, v.Qr = &secret, &uri, &api.QR{Size: qr.Size, Path: qr.Path}
	return v, err
}

func factorOf(f api.MachineFactor) token.Factor {
	return token.Factor{Kind: token.Kind(f.Kind), Key: value(f.Key)}
}

func (h *handlers) CreateToken(ctx context.Context, r api.CreateTokenRequestObject) (api.CreateTokenResponseObject, error) {
	who := callerOf(ctx)
	if r.Body.Days != nil && *r.Body.Days < 1 {
		return nil, fault.InvalidField("days", "out_of_range", "At least a day.")
	}
	m, err := h.Door.CreateToken(who.visitor, who.session, token.Wish{
		Name: r.Body.Name, Scopes: r.Body.Scopes, Days: value(r.Body.Days), Addresses: value(r.Body.Addresses), Factor: factorOf(r.Body.Factor),
		Collect: value(r.Body.Collect),
	})
	if err != nil {
		return nil, err
	}
	v, err := h.madeView(m, who.account.Name, who.twoStep)
	return api.CreateToken201JSONResponse(v), err
}

func (h *handlers) SetTokenFactor(ctx context.Context, r api.SetTokenFactorRequestObject) (api.SetTokenFactorResponseObject, error) {
	who := callerOf(ctx)
	m, err := h.Door.SetTokenFactor(who.visitor, who.session, r.Id, factorOf(*r.Body))
	if err != nil {
		return nil, err
	}
	v, err := h.madeView(m, who.account.Name, who.twoStep)
	return api.SetTokenFactor200JSONResponse(v), err
}

func (h *handlers) RevokeToken(ctx context.Context, r api.RevokeTokenRequestObject) (api.RevokeTokenResponseObject, error) {
	who := callerOf(ctx)
	return api.RevokeToken204Response{}, h.Door.RevokeToken(who.visitor, who.session, r.Id)
}

// StartMachineSession asks the time servers first where a code decides and the last answer is old, as a sign-in does. What was sold is recorded
// once an hour for a token and a source: a program that buys access every ten minutes keeps no disks awake.
func (h *handlers) StartMachineSession(ctx context.Context, r api.StartMachineSessionRequestObject) (api.StartMachineSessionResponseObject, error) {
	who := callerOf(ctx)
	if who.machine == nil {
		return nil, errTokenless
	}
	b := who.bearer()
	if b.Code = value(r.Body.Code); b.Code != "" {
		if one, err := h.present(who); err == nil && one.Factor == token.Codes {
			if now := h.Clock.Fresh(ctx); !now.Trusted() {
				return nil, signin.ErrTime.Saying("%s", now.Message())
			}
		}
	}
	s, err := h.Tokens.Buy(b, func(tx *store.Tx, id string) bool { return factor.Enabled(tx, id) })
	if s.Token.Name != "" {
		who.visitor.Agent = notice.Machine(s.Token.Name)
	}
	if err != nil {
		return nil, h.unsold(who, s.Token, err)
	}
	if err := h.sold(who, s.Token); err != nil {
		return nil, err
	}
	return api.StartMachineSession200JSONResponse{
		AccessToken: s.Text, TokenType: api.Bearer, ExpiresIn: seconds(s.Left), Scopes: append([]string{}, s.Token.Scopes...),
	}, nil
}

// unsold records that no access was sold. Codes that were wrong or came too early are in the log already.
func (h *handlers) unsold(who *caller, one token.Token, refused error) error {
	if errors.Is(refused, token.ErrCode) || errors.Is(refused, token.ErrLocked) || errors.Is(refused, throttle.ErrSlowDown) {
		return refused
	}
	return h.refuseMachine("StartMachineSession", who, one, refused)
}

// sold records that access was sold, or takes it that it was lately.
func (h *handlers) sold(who *caller, one token.Token) error {
	what := one.ID + " sold " + who.visitor.Source
	if !h.told.first(what) {
		return nil
	}
	err := h.DB.Update(func(tx *store.Tx) error {
		owner, err := account.Get(tx, one.Account)
		if err != nil {
			return err
		}
		e := who.event(event.TokenSessionSold).With("token", one.Name).With("id", one.ID)
		e.Actor = owner.Name
		return h.Log.Record(tx, e)
	})
	if err != nil {
		h.told.forget(what)
	}
	return err
}

// CollectToken hands a new token to its machine.
func (h *handlers) CollectToken(ctx context.Context, r api.CollectTokenRequestObject) (api.CollectTokenResponseObject, error) {
	who := callerOf(ctx)
	m, waits, err := h.Tokens.Collect(r.Body.Key, who.machine.request, who.event(""))
	switch {
	case problem(err).Status == http.StatusUnauthorized:
		return nil, h.refuseMachine(collect, who, token.Token{}, err)
	case err != nil:
		return nil, err
	case waits:
		return api.CollectToken202Response{}, nil
	}
	v, err := h.madeView(m, m.Owner, false) // one with a key is never on hold
	return api.CollectToken200JSONResponse(v), err
}
