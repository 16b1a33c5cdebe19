package httpapi

import (
	"cmp"
	"context"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func groupView(m people.Members) api.Group {
	v := api.Group{Id: m.ID, Name: m.Name, BuiltIn: m.BuiltIn, Members: []api.GroupMember{}}
	for _, a := range m.Accounts {
		v.Members = append(v.Members, api.GroupMember{Id: a.ID, Name: a.Name, DisplayName: cmp.Or(a.DisplayName, a.Name)})
	}
	return v
}

func (h *handlers) ListGroups(context.Context, api.ListGroupsRequestObject) (api.ListGroupsResponseObject, error) {
	all, err := h.Office.Groups()
	v := api.ListGroups200JSONResponse{Groups: []api.Group{}}
	for _, m := range all {
		v.Groups = append(v.Groups, groupView(m))
	}
	return v, err
}

func (h *handlers) AddGroup(ctx context.Context, r api.AddGroupRequestObject) (api.AddGroupResponseObject, error) {
	m, err := h.Office.PutGroup(callerOf(ctx).actor(), account.Group{Name: r.Body.Name, Members: r.Body.Members})
	return api.AddGroup201JSONResponse(groupView(m)), err
}

func (h *handlers) ChangeGroup(ctx context.Context, r api.ChangeGroupRequestObject) (api.ChangeGroupResponseObject, error) {
	m, err := h.Office.PutGroup(callerOf(ctx).actor(), account.Group{ID: r.Id, Name: r.Body.Name, Members: r.Body.Members})
	return api.ChangeGroup200JSONResponse(groupView(m)), err
}

func (h *handlers) DeleteGroup(ctx context.Context, r api.DeleteGroupRequestObject) (api.DeleteGroupResponseObject, error) {
	return api.DeleteGroup204Response{}, h.Office.DeleteGroup(callerOf(ctx).actor(), r.Id)
}

func (h *handlers) policy() (v api.Policy, err error) {
	err = h.DB.View(func(tx *store.Tx) error {
		p, err := settings.GetPolicy(tx)
		v = policyView(p)
		return err
	})
	return v, err
}

func policyView(p settings.Policy) api.Policy {
	presence := api.PolicyPresence(p.Presence)
	return api.Policy{TwoStep: api.PolicyTwoStep(p.TwoStep), Groups: append([]string{}, p.Groups...), EmailCodes: api.PolicyEmailCodes(p.EmailCodes), IdleMinutes: &p.Idle, Presence: &presence}
}

func (h *handlers) GetPolicy(context.Context, api.GetPolicyRequestObject) (api.GetPolicyResponseObject, error) {
	v, err := h.policy()
	return api.GetPolicy200JSONResponse(v), err
}

func (h *handlers) ChangePolicy(ctx context.Context, r api.ChangePolicyRequestObject) (api.ChangePolicyResponseObject, error) {
	if m := r.Body.IdleMinutes; m != nil && *m == 0 { // nothing and none are not the same here
		return nil, settings.ErrIdle
	}
	err := h.Office.SetPolicy(callerOf(ctx).actor(), settings.Policy{
		TwoStep: settings.Demand(r.Body.TwoStep), Groups: r.Body.Groups, EmailCodes: settings.Rule(r.Body.EmailCodes), Idle: value(r.Body.IdleMinutes),
		Presence: settings.Demand(value(r.Body.Presence)),
	})
	if err != nil {
		return nil, err
	}
	v, err := h.policy()
	return api.ChangePolicy200JSONResponse(v), err
}

func mailView(m settings.Mail, set bool) api.Mail {
	return api.Mail{
		Configured: set, Host: m.Host, Port: m.Port, Security: api.MailSecurity(cmp.Or(m.Security, "tls")), User: m.User,
		HasPassword: m.Password != "", Sender: m.Sender, Authority: m.Authority, Fingerprint: m.Fingerprint,
	}
}

// mailOf reads the values of a mail server.
func mailOf(v api.MailValues) settings.Mail {
	return settings.Mail{
		Host: v.Host, Port: v.Port, Security: string(v.Security), User: v.User, Password: value(v.Password), Sender: v.Sender,
		Authority: strings.TrimSpace(value(v.Authority)), Fingerprint: strings.TrimSpace(value(v.Fingerprint)),
	}
}

func (h *handlers) GetMail(context.Context, api.GetMailRequestObject) (api.GetMailResponseObject, error) {
	m, set, err := h.Office.MailServer()
	return api.GetMail200JSONResponse(mailView(m, set)), err
}

func (h *handlers) ChangeMail(ctx context.Context, r api.ChangeMailRequestObject) (api.ChangeMailResponseObject, error) {
	m, err := h.Office.SetMail(callerOf(ctx).actor(), mailOf(*r.Body), r.Body.Password == nil)
	return api.ChangeMail200JSONResponse(mailView(m, true)), err
}

func (h *handlers) RemoveMail(ctx context.Context, _ api.RemoveMailRequestObject) (api.RemoveMailResponseObject, error) {
	return api.RemoveMail204Response{}, h.Office.RemoveMail(callerOf(ctx).actor())
}

func (h *handlers) TestMail(ctx context.Context, r api.TestMailRequestObject) (api.TestMailResponseObject, error) {
	m, err := h.Office.MailToTry(mailOf(r.Body.Server), r.Body.Server.Password == nil)
	if err != nil {
		return nil, err
	}
	if err := account.CheckEmail(r.Body.To); err != nil || r.Body.To == "" {
		return nil, fault.InvalidField("to", "malformed", "Enter the address the test mail goes to.")
	}
	taken, detail, err := h.Post.Try(ctx, callerOf(ctx).event(event.MailTried), m, r.Body.To)
	return api.TestMail200JSONResponse{Taken: taken, Detail: detail}, err
}
