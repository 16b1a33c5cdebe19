package people_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// mail sets a mail server. Nothing is sent: the queue does not run.
func (b *bench) mail() {
	b.t.Helper()
	if err := b.DB.Update(func(tx *store.Tx) error {
		return settings.PutMail(tx, b.MailKey, settings.Mail{Host: "mail.example.org", Port: 465, Security: "tls", Sender: "nas@example.org"})
	}); err != nil {
		b.t.Fatal(err)
	}
}

func person(name, email string) people.NewPerson {
	return people.NewPerson{Account: account.Account{Name: name, Email: email, Role: account.User}}
}

// R038: where mail can be sent, nobody but the person ever knows the password; elsewhere one is shown once.
func TestAPersonIsInvitedWhereMailCanBeSent(t *testing.T) {
	b := newBench(t)
	g, err := b.Add(t.Context(), b.root, person("early", "early@example.org"))
	if err != nil || g.Password == "" || g.Left != account.TemporaryFor || g.Person.Password.Origin != account.Temporary {
		t.Errorf("without a mail server: %+v, %v", g, err)
	}
	b.mail()
	if g, err = b.Add(t.Context(), b.root, person("nomail", "")); err != nil || g.Password == "" || g.Person.Link {
		t.Errorf("without an address: %+v, %v", g, err)
	}
	g, err = b.Add(t.Context(), b.root, person("ines", "ines@example.org"))
	if err != nil || g.Password != "" || g.Left != account.InvitationFor {
		t.Fatalf("got %+v, %v", g, err)
	}
	if p := g.Person; p.Password.Hash != "" || p.Password.Origin != account.Invited || !p.Link || p.Lapsed || p.Confirmed {
		t.Errorf("got %+v", p)
	}
	if e := b.last(); e.Kind != event.Invited || e.Get("account") != "ines" || strings.Contains(e.Message(), g.Person.Invitation.Token) {
		t.Errorf("got %+v", e)
	}
	b.now = b.now.Add(account.InvitationFor)
	if p, _ := b.Get(g.Person.ID); !p.Link || !p.Lapsed {
		t.Errorf("after a day: %+v", p)
	}
}

// R038: an administrator starts a reset and chooses no password; what the person has goes on working until the link
// is used.
func TestALinkIsSentToAnotherPerson(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	refused := func(what string, want error, id string) {
		t.Helper()
		if _, err := b.Invite(b.root, id); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	refused("oneself", people.ErrOwn, b.root.ID)
	refused("nobody", account.ErrUnknown, "x")
	refused("no mail server", people.ErrNoMail, ines.ID)
	b.mail()
	refused("no address", people.ErrNoAddress, ines.ID)
	email := "ines@example.org"
	if _, err := b.Change(b.root, ines.ID, people.Change{Email: &email}); err != nil {
		t.Fatal(err)
	}
	cookie := b.session(ines.ID)
	g, err := b.Invite(b.root, ines.ID)
	if err != nil || !g.Person.Link || g.Person.Password.Hash != ines.Password.Hash || g.Password != "" || !b.alive(cookie) {
		t.Errorf("got %+v, %v", g, err)
	}
	first := g.Person.Invitation.Token
	if g, err = b.Invite(b.root, ines.ID); err != nil || g.Person.Invitation.Token == first {
		t.Errorf("the older link goes on working: %+v, %v", g, err)
	}
	email = "other@example.org"
	if p, err := b.Change(b.root, ines.ID, people.Change{Email: &email}); err != nil || p.Link {
		t.Errorf("a link outlives the address it was sent to: %+v, %v", p, err)
	}
}

func TestInvitationsWaitWhileManyMailsDo(t *testing.T) {
	b := newBench(t)
	b.mail()
	var err error
	for i := 0; err == nil && i < 200; i++ {
		_, err = b.Add(t.Context(), b.root, person("p"+strings.Repeat("x", i%30)+string(rune('a'+i/30)), "p@example.org"))
	}
	var f *fault.Error
	if !errors.Is(err, people.ErrCrowded) || !errors.As(err, &f) || f.RetryIn <= 0 {
		t.Errorf("got %v", err)
	}
	page, total, err := b.List(account.Query{Limit: 100})
	if err != nil || total < 20 || len(page) != total {
		t.Errorf("got %d of %d, %v", len(page), total, err)
	}
}

func TestANewPersonJoinsAGroup(t *testing.T) {
	b := newBench(t)
	for i, name := range []string{"ines", "otto"} {
		p := person(name, "")
		p.Group = "Family"
		g, err := b.Add(t.Context(), b.root, p)
		if err != nil {
			t.Fatal(err)
		}
		all, err := b.Groups()
		at := slices.IndexFunc(all, func(m people.Members) bool { return m.Name == "family" })
		if err != nil || at < 0 || len(all[at].Members) != i+1 || !slices.Contains(all[at].Members, g.Person.ID) {
			t.Errorf("got %+v, %v", all, err)
		}
		if want := []event.Kind{event.GroupAdded, event.GroupChanged}[i]; b.last().Kind != want {
			t.Errorf("the last event is %s, not %s", b.last().Kind, want)
		}
	}
	for _, group := range []string{"administrators", "no such/name"} {
		p := person("hugo", "")
		p.Group = group
		_, err := b.Add(t.Context(), b.root, p)
		if wrong := fault.FieldsOf(err); len(wrong) != 1 || wrong[0].Name != "group" {
			t.Errorf("%s: got %v", group, err)
		}
		if _, _, err := b.List(account.Query{Search: "hugo", Limit: 1}); err != nil {
			t.Error(err)
		}
		if page, _, _ := b.List(account.Query{Search: "hugo", Limit: 1}); len(page) != 0 {
			t.Error("the person was added although the group was refused")
		}
	}
}

func TestAListOfPeopleIsPreviewed(t *testing.T) {
	b := newBench(t)
	b.own("taken", account.User)
	b.mail()
	lines, groups, err := b.Preview("\ufeffName;E-Mail;Group\r\n" +
		"ines;ines@example.org;Family\r\n" +
		"\r\n" +
		"\"Zoë Müller\"; ;family\r\n" +
		"otto\r\n" +
		"OTTO;otto@example.org;\r\n" +
		"taken;x@example.org;\r\n" +
		"hugo;not an address;\r\n" +
		"hugo;;Administrators\r\n" +
		"hugo;;a/b\r\n" +
		";nameless@example.org;\r\n" +
		"hugo;;;surplus\r\n" +
		"=cmd();;")
	if err != nil {
		t.Fatal(err)
	}
	type want struct {
		number         int
		name, display  string
		invited, wrong bool
	}
	wants := []want{
		{2, "ines", "", true, false}, {4, "zoe.muller", "Zoë Müller", false, false}, {5, "otto", "", false, false}, {6, "otto", "", true, true},
		{7, "taken", "", true, true}, {8, "hugo", "", true, true}, {9, "hugo", "", false, true}, {10, "hugo", "", false, true},
		{11, "", "", true, true}, {12, "hugo", "", false, true}, {13, "cmd", "=cmd()", false, false},
	}
	if len(lines) != len(wants) {
		t.Fatalf("got %+v", lines)
	}
	for i, w := range wants {
		if got := (want{lines[i].Number, lines[i].Name, lines[i].DisplayName, lines[i].Invited, lines[i].Problem != ""}); got != w {
			t.Errorf("got %+v, want %+v (%s)", got, w, lines[i].Problem)
		}
	}
	if !slices.Equal(groups, []string{"family"}) {
		t.Errorf("new groups: %v", groups)
	}
	if lines, _, err := b.Preview("ines,ines@example.org,family\notto\t\t"); err != nil || len(lines) != 2 || lines[0].Email != "ines@example.org" {
		t.Errorf("commas: %+v, %v", lines, err)
	}
}

func TestAListThatCannotBeReadIsRefused(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"", "\n\n", "name;e-mail;group\n", "\xff\xfe;", strings.Repeat("a\n", people.MaxLines+1)} {
		var f *fault.Error
		if _, _, err := b.Preview(text); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Fields[0].Name != "text" {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}

func FuzzPreview(f *testing.F) {
	f.Add("name;e-mail;group\nines;ines@example.org;family")
	f.Add("\"a;b\",c\td")
	f.Fuzz(func(t *testing.T, text string) {
		b := newBench(t)
		lines, _, err := b.Preview(text)
		if err != nil {
			return
		}
		for _, l := range lines {
			if l.Problem != "" {
				continue
			}
			n := people.NewPerson{Account: account.Account{Name: l.Name, DisplayName: l.DisplayName, Email: l.Email, Role: account.User}, Group: l.Group}
			if _, err := b.Add(t.Context(), b.root, n); err != nil {
				t.Errorf("%+v looked right and was refused: %v", l, err)
			}
		}
	})
}
