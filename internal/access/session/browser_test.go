package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan/internal/access/session"
	"castellan/internal/secret"
	"castellan/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// cabinet is known browsers over a database, at a time that the test moves.
type cabinet struct {
	*session.Browsers
	t   *testing.T
	db  *store.DB
	key secret.Key
	now time.Time
}

func newCabinet(t *testing.T) *cabinet {
	c := &cabinet{t: t, db: open(t), key: secret.NewKey(), now: noon}
	c.restart()
	return c
}

func (c *cabinet) restart() {
	c.Browsers = session.NewBrowsers(c.key, func() time.Time { return c.now })
}

func (c *cabinet) update(f func(*store.Tx) error) {
	c.t.Helper()
	if err := c.db.Update(f); err != nil {
		c.t.Fatal(err)
	}
}

// in is a complete sign-in.
func (c *cabinet) in(cookie, account string) (kept string, isNew bool) {
	c.t.Helper()
	c.update(func(tx *store.Tx) (err error) {
		_, kept, isNew, err = c.Remember(tx, cookie, account, "Firefox", "192.0.2.7")
		return err
	})
	return kept, isNew
}

func (c *cabinet) known(cookie, account string) (yes bool) {
	c.t.Helper()
	_ = c.db.View(func(tx *store.Tx) error { yes = c.Known(tx, cookie, account); return nil })
	return yes
}

func (c *cabinet) list(account string) (list []session.Browser) {
	c.t.Helper()
	c.update(func(tx *store.Tx) (err error) { list, err = c.List(tx, account); return err })
	return list
}

func TestABrowserIsKnownToThoseWhoSignedInWithIt(t *testing.T) {
	c := newCabinet(t)
	cookie, isNew := c.in("", "ines")
	if isNew || len(cookie) < 43 || !c.known(cookie, "ines") || c.known(cookie, "jonas") || c.known("", "ines") {
		t.Fatalf("new %v, cookie %q", isNew, cookie)
	}
	shared, isNew := c.in(cookie, "jonas")
	if isNew || !c.known(shared, "jonas") || !c.known(shared, "ines") || c.known(cookie, "jonas") {
		t.Errorf("the browser that two people share is not known to both, or is a strange one (%v)", isNew)
	}
	if mine, theirs := c.list("ines"), c.list("jonas"); len(mine) != 1 || len(theirs) != 1 || mine[0].ID == theirs[0].ID {
		t.Errorf("got %+v and %+v", mine, theirs)
	}
	c.restart()
	if !c.known(shared, "ines") {
		t.Error("a restart forgot it")
	}
}

// R029: nobody makes a browser known to somebody else's account by planting their own cookie in it, or by keeping a
// copy of one that is shared.
func TestACookieThatSomebodyElseHasIsNeverKnownToAnAccount(t *testing.T) {
	c := newCabinet(t)
	c.in("", "owner")
	planted, _ := c.in("", "ines")
	kept, isNew := c.in(planted, "owner")
	if c.known(planted, "owner") || !c.known(kept, "owner") || !c.known(kept, "ines") {
		t.Error("the planted cookie is known to the owner's account, or the new one is not")
	}
	if !isNew {
		t.Error("a browser with somebody else's cookie is no news")
	}
	next, isNew := c.in(kept, "owner")
	if isNew || c.known(kept, "owner") || !c.known(next, "owner") || !c.known(next, "ines") {
		t.Error("a copy of the cookie outlives the next sign-in, or somebody lost their place in it")
	}
	if n := len(c.list("owner")); n != 2 {
		t.Errorf("the owner has %d browsers", n)
	}
}

func TestABrowserIsSharedByAFewPeople(t *testing.T) {
	c := newCabinet(t)
	people := []string{"ines", "jonas", "mara", "nils", "olga", "pia"}
	cookie := ""
	for _, who := range people {
		cookie, _ = c.in(cookie, who)
	}
	for i, who := range people {
		if want := i >= len(people)-session.MostPeople; c.known(cookie, who) != want {
			t.Errorf("known to %s: %v", who, !want)
		}
	}
	if cookie, _ = c.in(strings.Repeat(cookie+".", 9), "mara"); len(cookie) > 400 {
		t.Errorf("the cookie has %d characters", len(cookie))
	}
}

// R031: the first browser of an account is no news, and neither is the first one after all were forgotten.
func TestABrowserIsNewWhereOthersAreKnown(t *testing.T) {
	c := newCabinet(t)
	cookie, _ := c.in("", "ines")
	if _, isNew := c.in("", "ines"); !isNew {
		t.Error("the second one is no news")
	}
	cookie, isNew := c.in(cookie, "ines")
	if isNew {
		t.Error("the known one is news")
	}
	c.update(func(tx *store.Tx) error { return c.EndAll(tx, "ines") })
	if c.known(cookie, "ines") || len(c.list("ines")) != 0 {
		t.Error("it is still known")
	}
	if _, isNew := c.in(cookie, "ines"); isNew {
		t.Error("the first one afterwards is news")
	}
}

// R095: whatever was not made here is not taken, and an altered value is another one.
func TestABrowserCannotBringACookieOfItsOwn(t *testing.T) {
	c := newCabinet(t)
	right, _ := c.in("", "ines")
	id := c.list("ines")[0].ID
	for _, planted := range []string{"x", secret.Token(), right[1:], right + "x", "A" + right[1:], strings.Repeat("A", len(right)), id} {
		if planted == right {
			continue
		}
		if c.known(planted, "ines") {
			t.Errorf("%q is known", planted)
		}
		if kept, _ := c.in(planted, "jonas"); kept == planted {
			t.Errorf("%q was taken", planted)
		}
	}
	elsewhere := newCabinet(t)
	foreign, _ := elsewhere.in("", "ines")
	if kept, _ := c.in(foreign, "ines"); kept == foreign {
		t.Error("the cookie of another box was taken")
	}
}

func TestABrowserIsForgottenHalfAYearAfterItsLastSignIn(t *testing.T) {
	c := newCabinet(t)
	cookie, _ := c.in("", "ines")
	c.now = c.now.Add(session.BrowserFor - time.Second)
	if !c.known(cookie, "ines") {
		t.Fatal("too early")
	}
	cookie, _ = c.in(cookie, "ines")
	c.now = c.now.Add(session.BrowserFor - time.Second)
	if !c.known(cookie, "ines") {
		t.Fatal("a sign-in did not prolong it")
	}
	first := c.list("ines")[0]
	if !first.First.Equal(noon) || !first.Seen.After(noon) {
		t.Errorf("got %+v", first)
	}
	c.now = c.now.Add(time.Second)
	if c.known(cookie, "ines") || len(c.list("ines")) != 0 {
		t.Error("it is known for ever")
	}
	if _, isNew := c.in(cookie, "ines"); isNew || c.list("ines")[0].ID == first.ID {
		t.Error("it came back as the one it was")
	}
}

func TestTheBrowserThatWasSeenLongestAgoMakesRoom(t *testing.T) {
	c := newCabinet(t)
	var cookies []string
	for range session.MostBrowsers {
		cookie, _ := c.in("", "ines")
		cookies = append(cookies, cookie)
		c.now = c.now.Add(time.Minute)
	}
	other, _ := c.in("", "jonas")
	cookies[0], _ = c.in(cookies[0], "ines")
	newest, _ := c.in("", "ines")
	if n := len(c.list("ines")); n != session.MostBrowsers {
		t.Errorf("%d are kept", n)
	}
	if !c.known(cookies[0], "ines") || c.known(cookies[1], "ines") || !c.known(cookies[2], "ines") || !c.known(newest, "ines") || !c.known(other, "jonas") {
		t.Error("the wrong one made room")
	}
}

// R107: one's own browsers are ended by name, and nobody else's.
func TestEndingABrowserSparesTheOthers(t *testing.T) {
	c := newCabinet(t)
	one, _ := c.in("", "ines")
	two, _ := c.in("", "ines")
	other, _ := c.in(one, "jonas")
	theirs := c.list("jonas")[0].ID
	var ended session.Browser
	end := func(account, id string) error {
		return c.db.Update(func(tx *store.Tx) (err error) { ended, err = c.End(tx, account, id); return err })
	}
	if err := end("ines", theirs); !errors.Is(err, session.ErrUnknownBrowser) {
		t.Errorf("somebody else's: %v", err)
	}
	c.now = c.now.Add(time.Minute)
	two, _ = c.in(two, "ines") // is the one seen last now
	list := c.list("ines")
	if err := end("ines", list[1].ID); err != nil || ended.Agent != "Firefox" {
		t.Errorf("got %+v, %v", ended, err)
	}
	if c.known(one, "ines") || !c.known(two, "ines") || !c.known(other, "jonas") {
		t.Error("the wrong one was ended")
	}
	three, _ := c.in("", "ines")
	c.update(func(tx *store.Tx) error {
		n, err := c.EndOthers(tx, "ines", list[0].ID)
		if n != 1 {
			t.Errorf("%d were ended", n)
		}
		return err
	})
	if c.known(three, "ines") || !c.known(two, "ines") {
		t.Error("the others were not ended, or more than they")
	}
}

// R095: a copy of the database shows no cookie.
func TestTheDatabaseDoesNotShowTheCookieOfABrowser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "castellan.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &cabinet{t: t, db: db, key: secret.NewKey(), now: noon}
	c.restart()
	cookie, _ := c.in("", "ines")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), cookie) || strings.Contains(string(data), cookie[:43]) {
		t.Error("it does")
	}
}

// The form of the record on disk: fields are added and never renamed.
func TestTheRecordOfABrowserKeepsItsForm(t *testing.T) {
	got := session.RecordForTest(session.Browser{
		ID: "k3m2q7x4w5v6u2t3s4r5q6p7on", Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0", Address: "192.0.2.7",
		First: noon, Seen: noon.Add(24 * time.Hour),
	})
	want, err := os.ReadFile(filepath.Join("testdata", "browser.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("got - want +:\n%s", diff)
	}
}

// R029: who must not learn whether there is an account gets a cookie like everybody else, which is worth nothing, and
// keeps what they had.
func TestADecoyMakesNothingKnown(t *testing.T) {
	c := newCabinet(t)
	cookie, _ := c.in("", "ines")
	decoy := c.Decoy(cookie)
	genuine, _ := c.in(cookie, "jonas")
	if len(decoy) != len(genuine) || strings.Count(decoy, ".") != strings.Count(genuine, ".") {
		t.Errorf("they look different: %q and %q", decoy, genuine)
	}
	if c.known(decoy, "jonas") || !c.known(decoy, "ines") {
		t.Error("it makes somebody known, or forgets somebody")
	}
	if first := c.Decoy(""); c.known(first, "ines") || first == c.Decoy("") {
		t.Errorf("got %q", first)
	}
}
