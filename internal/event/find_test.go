package event_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/event"
	"castellan/internal/store"
)

// varied is a log of n entries of many kinds by many people; its clock steps back once.
func varied(t *testing.T, n int) (*store.DB, *event.Log) {
	t.Helper()
	db, m := open(t), synced()
	l := event.New(func() event.Moment { return m }, slog.New(slog.DiscardHandler)).Keyed(boxKey)
	kinds := []event.Kind{event.SignedIn, event.SignedOut, event.MailFailed, event.ClockChanged, event.AccountAdded, event.CodeSent, event.DeviceAdded}
	for done := 0; done < n; done += 500 {
		err := db.Update(func(tx *store.Tx) error {
			for i := done; i < min(done+500, n); i++ {
				m.Now, m.Elapsed = noon.Add(time.Duration(i)*time.Minute), time.Duration(i)*time.Hour
				if i > n/2 {
					m.Now = m.Now.AddDate(0, 0, -1)
				}
				e := event.Event{Kind: kinds[i%7], Actor: fmt.Sprint("person-", i%40), Address: fmt.Sprint("192.0.2.", i%200), Request: "abcdefgh23"}
				e = e.With("account", fmt.Sprint("Person-", i%90)).With("trusted", map[bool]string{true: "yes", false: "no"}[i%2 == 0])
				if i == 700 {
					e = e.With("note", "a Needle, in “hay”")
				}
				if err := l.Record(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	m.Elapsed = 0
	return db, l
}

func numbers(events []event.Event) (n []uint64) {
	for _, e := range events {
		n = append(n, e.Number)
	}
	return n
}

// Every query finds in blocks and loose entries what looking at each entry finds, page by page and both ways.
func TestASearchFindsWhatIsThere(t *testing.T) {
	const n = 3000
	db, l := varied(t, n)
	all := find(t, db, l, event.Query{Limit: n + 1}).Events
	if len(all) != n {
		t.Fatalf("%d entries, want %d", len(all), n)
	}
	has := func(e event.Event, words ...string) bool {
		text := strings.ToLower(fmt.Sprint(e.Message(), "\n", e.Actor, e.Address, e.Details, e.Kind))
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}
	for name, tc := range map[string]struct {
		query event.Query
		want  func(event.Event) bool
	}{
		"all":           {event.Query{}, func(event.Event) bool { return true }},
		"an area":       {event.Query{Area: event.Mail}, func(e event.Event) bool { return e.Kind == event.MailFailed }},
		"a kind":        {event.Query{Kind: event.CodeSent}, func(e event.Event) bool { return e.Kind == event.CodeSent }},
		"failures":      {event.Query{Outcome: event.Failed}, func(e event.Event) bool { return e.Outcome() == event.Failed }},
		"what was done": {event.Query{Outcome: event.Done}, func(e event.Event) bool { return e.Outcome() == event.Done }},
		"somebody":      {event.Query{Who: "PERSON-7"}, func(e event.Event) bool { return e.Actor == "person-7" || e.Get("account") == "Person-7" }},
		"nobody":        {event.Query{Who: "person-700"}, func(event.Event) bool { return false }},
		"a time": {event.Query{From: noon.Add(24 * time.Hour), To: noon.Add(30 * time.Hour)}, func(e event.Event) bool {
			return !e.Time.Before(noon.Add(24*time.Hour)) && e.Time.Before(noon.Add(30*time.Hour))
		}},
		"a word":         {event.Query{Text: "needle"}, func(e event.Event) bool { return has(e, "needle") }},
		"a quoted word":  {event.Query{Text: "“HAY”"}, func(e event.Event) bool { return has(e, "“hay”") }},
		"two words":      {event.Query{Text: "Person-8 ADDED as"}, func(e event.Event) bool { return has(e, "person-8", "added", "as") }},
		"an address":     {event.Query{Text: "192.0.2.19"}, func(e event.Event) bool { return has(e, "192.0.2.19") }},
		"a request":      {event.Query{Text: "abcdefgh23", Kind: event.SignedOut}, func(e event.Event) bool { return e.Kind == event.SignedOut }},
		"a word of none": {event.Query{Text: "zebra"}, func(event.Event) bool { return false }},
		"all of it": {event.Query{Area: event.Accounts, Who: "person-4", Text: "added"}, func(e event.Event) bool {
			return e.Kind == event.AccountAdded && (e.Actor == "person-4" || e.Get("account") == "Person-4")
		}},
	} {
		var want []uint64
		for _, e := range all {
			if tc.want(e) {
				want = append(want, e.Number)
			}
		}
		var back, forth []uint64
		for q := tc.query; ; {
			q.Limit = 70
			p := find(t, db, l, q)
			back = append(back, numbers(p.Events)...)
			if q.Before = p.Next; p.Next == 0 {
				break
			}
		}
		for q := tc.query; ; {
			q.Limit, q.After = 70, max(q.After, 1)
			p := find(t, db, l, q)
			got := numbers(p.Events)
			if !slices.IsSortedFunc(got, func(a, b uint64) int { return int(b) - int(a) }) {
				t.Errorf("%s: %v are not the newest first", name, got)
			}
			forth = append(got, forth...)
			if q.After = p.Newest; !p.Behind {
				break
			}
		}
		if !slices.Equal(back, want) {
			t.Errorf("%s: back found %d, want %d", name, len(back), len(want))
		}
		if want = slices.DeleteFunc(want, func(n uint64) bool { return n == 1 }); !slices.Equal(forth, want) {
			t.Errorf("%s: forth found %d, want %d", name, len(forth), len(want))
		}
	}
}

// One question takes a bounded time, and the next one goes on where it stopped.
func TestALongSearchIsAnsweredInParts(t *testing.T) {
	const n = 4000
	db, _ := varied(t, n)
	var now time.Duration
	slow := event.New(func() event.Moment { now += 5 * time.Millisecond; return event.Moment{Elapsed: now} }, slog.New(slog.DiscardHandler))
	questions, found := 0, 0
	for q := (event.Query{Text: "“hay”", Limit: 50}); ; {
		p := find(t, db, slow, q)
		questions++
		found += len(p.Events)
		if p.Next == 0 {
			break
		}
		if p.Seen.IsZero() || q.Before > 0 && p.Next >= q.Before {
			t.Fatalf("stopped at %d, %v", p.Next, p.Seen)
		}
		q.Before = p.Next
	}
	if found != 1 || questions < 5 || questions > n/64 {
		t.Errorf("%d found by %d questions", found, questions)
	}
}

// Following asks for what is newer, and sees a log that was cleared meanwhile.
func TestNewerEntriesAreFoundFromWhereOneWas(t *testing.T) {
	db, l := kept(t, 600)
	p := find(t, db, l, event.Query{Limit: 10})
	if p.Newest != 600 || p.Behind || p.Kept != 600 {
		t.Errorf("got %+v", p)
	}
	if p = find(t, db, l, event.Query{Limit: 10, After: 600}); len(p.Events) != 0 || p.Newest != 600 || p.Behind {
		t.Errorf("nothing new: %+v", p)
	}
	fill(t, db, l, 25)
	p = find(t, db, l, event.Query{Limit: 10, After: 600})
	if len(p.Events) != 10 || p.Events[0].Number != 610 || p.Newest != 610 || !p.Behind {
		t.Errorf("got %+v", p)
	}
	change(t, db, func(tx *store.Tx) error { return l.Clear(tx, event.Event{Kind: event.LogCleared}) })
	p = find(t, db, l, event.Query{Limit: 10, After: 610})
	if len(p.Events) != 1 || p.Events[0].Kind != event.LogCleared || p.Newest != 626 || p.Behind {
		t.Errorf("after clearing: %+v", p)
	}
	if p = find(t, db, l, event.Query{Limit: 10, After: 9999}); len(p.Events) != 0 || p.Newest != 626 {
		t.Errorf("a number that was never given: %+v", p)
	}
}

func TestAnOutcomeIsInTheName(t *testing.T) {
	for kind, want := range map[event.Kind]event.Outcome{
		event.SignInRefused: event.Refused, event.MailFailed: event.Failed, event.SignedIn: event.Done, event.Repeated: event.Refused, "future.thing_refused": event.Refused,
	} {
		if got := (event.Event{Kind: kind}).Outcome(); got != want {
			t.Errorf("%s is %s, want %s", kind, got, want)
		}
	}
	if got := (event.Event{Kind: event.ClockChanged}.With("trusted", "no")).Outcome(); got != event.Failed {
		t.Errorf("a clock that is not trusted is %s", got)
	}
}
