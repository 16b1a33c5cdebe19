package notice_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

type bench struct {
	*notice.Post
	*realtest.Recorder
	t  *testing.T
	db *store.DB

	mu      sync.Mutex
	elapsed time.Duration
}

var ines = account.Account{ID: "1", Name: "ines", DisplayName: "Inês <b>Duarte</b>", Email: "ines@example.org"}

// newBench is a Post that runs, in front of a mail server on a loopback address of its own.
func newBench(t *testing.T, host string, refuse map[string]*smtp.SMTPError) *bench {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	authority := realtest.NewAuthority(t)
	b := &bench{t: t, db: db, Recorder: &realtest.Recorder{Refuse: refuse}, elapsed: time.Hour}
	b.Serve(t, host+":2525", authority, host, true)
	key := secret.NewKey()
	now := func() time.Time { return time.Date(2026, 11, 21, 13, 4, 5, 0, time.UTC) }
	quiet := slog.New(slog.DiscardHandler)
	b.Post = notice.New(notice.Config{
		DB: db, Key: key, Elapsed: func() time.Duration { b.mu.Lock(); defer b.mu.Unlock(); return b.elapsed }, Now: now,
		Log:    event.New(func() event.Moment { return event.Moment{Now: now(), State: "synced"} }, quiet),
		Origin: func() string { return "https://nas.example:8001" }, Out: quiet,
	})
	b.update(func(tx *store.Tx) error {
		if err := settings.Put(tx, settings.Settings{NASName: "attic-nas", TimeZone: "Europe/Berlin"}); err != nil {
			return err
		}
		return settings.PutMail(tx, key, settings.Mail{
			Host: host, Port: 2525, Security: "starttls", User: "nas", Password: "a mail password", Sender: "nas@example.org", Authority: authority.PEM,
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = b.Run(ctx) })
	t.Cleanup(func() { cancel(); all.Wait(); _ = db.Close() })
	return b
}

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.db.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

// tell tells of an event about somebody.
func (b *bench) tell(a account.Account, e event.Event) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error { b.Tell(tx, a, e); return nil })
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.elapsed += d
}

// taken waits until the mail server has heard of so many mails, and returns how many it has then.
func (b *bench) taken(n int) int {
	b.t.Helper()
	count := func() int { b.Mu.Lock(); defer b.Mu.Unlock(); return len(b.From) }
	for range 3000 {
		if count() >= n {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return count()
}

// events returns the messages of a kind of event.
func (b *bench) events(kind event.Kind) (messages []string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 200)
		for _, e := range page {
			if e.Kind == kind {
				messages = append(messages, e.Message())
			}
		}
		return err
	})
	return messages
}

func (b *bench) wait(kind event.Kind, n int) []string {
	b.t.Helper()
	for range 1500 {
		if found := b.events(kind); len(found) >= n {
			return found
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("there are %v of %s, want %d", b.events(kind), kind, n)
	return nil
}

var passwordChanged = event.Event{Kind: event.PasswordChanged, Actor: "ines", Address: "192.0.2.7", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 <script>"}

// R032 R065: news say what happened, when and from where, and load nothing from elsewhere.
func TestNewsSayWhatIsNeededToJudgeThem(t *testing.T) {
	b := newBench(t, "127.0.2.1", nil)
	b.tell(ines, passwordChanged)
	if b.taken(1) != 1 {
		t.Fatal("no mail came")
	}
	for range 3000 {
		b.Mu.Lock()
		done := len(b.Data) > 0
		b.Mu.Unlock()
		if done {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Mu.Lock()
	data := strings.ReplaceAll(string(b.Data), "=\r\n", "")
	b.Mu.Unlock()
	for _, want := range []string{"Subject: attic-nas: Your password was changed", "21 November 2026, 14:04 (Europe/Berlin)", "192.0.2.7", "Firefox on Linux", "Duarte"} {
		if !strings.Contains(data, want) {
			t.Errorf("%q is missing in\n%s", want, data)
		}
	}
	for _, bad := range []string{"http", "src=", "<script", "url(", "2001:", "<b>Duarte</b></p>"} {
		if strings.Contains(data, bad) {
			t.Errorf("%q is in\n%s", bad, data)
		}
	}
}

// R032: a mail that fails is tried again and recorded, and never fails what it tells of.
func TestAMailThatFailsIsTriedAgain(t *testing.T) {
	b := newBench(t, "127.0.2.2", map[string]*smtp.SMTPError{"rcpt": {Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}})
	b.tell(ines, passwordChanged)
	if said := b.wait(event.MailFailed, 1); !strings.Contains(said[0], "i•••@e•••.org") || !strings.Contains(said[0], "451") || !strings.Contains(said[0], "tried again") {
		t.Errorf("the log says %q", said)
	}
	if !strings.Contains(b.Trouble(), "451") {
		t.Errorf("the trouble is %q", b.Trouble())
	}
	b.Mu.Lock()
	b.Refuse = nil
	b.Mu.Unlock()
	b.pass(2 * time.Minute)
	b.tell(account.Account{ID: "2", Name: "jonas", Email: "jonas@example.org"}, passwordChanged) // wakes the queue
	if n := b.taken(3); n != 3 {
		t.Errorf("the server heard of %d mails, want one refused and two taken", n)
	}
	for range 1500 {
		if b.Trouble() == "" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the trouble is still %q", b.Trouble())
}

func TestAMailThatIsRefusedForGoodIsGivenUp(t *testing.T) {
	b := newBench(t, "127.0.2.3", map[string]*smtp.SMTPError{"rcpt": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody of that name"}})
	b.tell(ines, passwordChanged)
	if said := b.wait(event.MailFailed, 1); !strings.Contains(said[0], "given up") || !strings.Contains(said[0], "nobody of that name") {
		t.Errorf("the log says %q", said)
	}
	b.pass(3 * time.Hour)
	b.tell(account.Account{ID: "2", Name: "jonas", Email: "jonas@example.org"}, passwordChanged)
	b.wait(event.MailFailed, 2)
	if n := b.taken(2); n != 2 {
		t.Errorf("the server was asked %d times, want twice", n)
	}
}

// R031: news are bounded in rate, per account and class.
func TestAFloodOfNewsIsNotAFloodOfMail(t *testing.T) {
	b := newBench(t, "127.0.2.4", nil)
	for range notice.NewsHour + 10 {
		b.tell(ines, passwordChanged)
		b.update(func(tx *store.Tx) error { b.Suspect(tx, ines, notice.WrongCodes, passwordChanged); return nil })
	}
	const most = notice.NewsHour + notice.SuspicionsHour
	if n := b.taken(most); n != most {
		t.Errorf("%d mails, want %d", n, most)
	}
	b.tell(account.Account{ID: "2", Name: "jonas", Email: "jonas@example.org"}, passwordChanged)
	if n := b.taken(most + 1); n != most+1 {
		t.Errorf("somebody else's news: %d mails", n)
	}
	b.pass(time.Hour)
	b.tell(ines, passwordChanged)
	if n := b.taken(most + 2); n != most+2 {
		t.Errorf("after an hour: %d mails", n)
	}
}

func TestAFullQueueIsSaid(t *testing.T) {
	b := newBench(t, "127.0.2.5", map[string]*smtp.SMTPError{"rcpt": {Code: 451, Message: "later"}})
	for i := range 80 {
		b.tell(account.Account{ID: strconv.Itoa(i), Name: "user", Email: "user@example.org"}, passwordChanged)
	}
	b.wait(event.MailDropped, 1)
}

func TestNobodyIsToldOfEverydayThings(t *testing.T) {
	b := newBench(t, "127.0.2.6", nil)
	b.tell(ines, event.Event{Kind: event.SignedIn})
	b.tell(account.Account{ID: "2", Name: "jonas"}, passwordChanged) // has no address
	_ = b.db.Update(func(tx *store.Tx) error { b.Tell(tx, ines, passwordChanged); return io.EOF })
	b.update(settings.RemoveMail)
	b.tell(ines, passwordChanged)
	time.Sleep(200 * time.Millisecond)
	if n := b.taken(0); n != 0 || b.Trouble() != "" || b.events(event.MailFailed) != nil {
		t.Errorf("%d mails, %q", n, b.Trouble())
	}
}

func TestBrowsersAreNamedInWordsOfOurs(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                  "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0":        "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                     "Chrome on Android",
		"curl/8.5": "curl", "": "unknown", "<script>alert(1)</script>": "unknown",
	} {
		if got := notice.Browser(agent); got != want {
			t.Errorf("%q is called %q, want %q", agent, got, want)
		}
	}
}

// R136: no browser passes for a machine with a token, and what else it says of itself stays.
func TestNoBrowserCallsItselfAToken(t *testing.T) {
	for _, agent := range []string{
		notice.Machine("backup"), " " + notice.Machine("backup"), "API  token “backup”", "API\u00a0token “backup”", "api token backup", `API token "backup"`,
		"A\u200bPI token “backup”", "Mozilla/5.0 API-token “backup”", "API_Token",
	} {
		if got := notice.Claimed(agent); got != "" {
			t.Errorf("%q is taken as %q", agent, got)
		}
	}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"curl/8.14 “x”\u202e": "curl/8.14 x", "": "",
	} {
		if got := notice.Claimed(agent); got != want {
			t.Errorf("%q is taken as %q, want %q", agent, got, want)
		}
	}
	if got := notice.Browser(notice.Machine("backup")); got != notice.Machine("backup") {
		t.Errorf("a machine is shown as %q", got)
	}
}
