package daemon_test

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/realtest"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// verdict says what a reset does with a table.
type verdict string

const (
	kept     verdict = "no record changes"
	others   verdict = "what is about the built-in administrator ends, all else is kept"
	account  verdict = "the built-in administrator's record is restored, all others are kept"
	defaults verdict = "it is empty: the default holds"
	lanes    verdict = "some records end, none changes" // of the administrator, by a key that only the device key tells
	grows    verdict = "records are added, none changes"
	itself   verdict = "the house keeps the books of the reset or of itself there"
)

// verdicts are what a reset does with every table there is. Whoever makes a new one decides here.
var verdicts = map[string]verdict{
	"accounts": account, "account_names": kept, "account_emails": kept, "account_texts": kept, "account_administrators": kept,
	"devices": others, "recovery_codes": others, "email_ways": others, "browsers": others, "code_tries": others,
	"tokens": others, "token_digests": others,
	"password_tries": lanes, "browser_tries": lanes, "account_tries": lanes, "source_tries": defaults,
	"policy": defaults, "defender": defaults,
	"network": defaults, // whoever holds the button has to find the box
	"groups":  kept, "desktops": kept, "settings": kept, "mail": kept, "syslog": kept, "time": kept,
	"button": kept, // the button stays where it is on the box, and one that is turned off resets nothing
	"events": grows, "event_blocks": grows, "event_index": grows, "drift_hours": grows, "drift_points": grows, "drift_jumps": grows,
	"device": kept, "schema": kept,
	"box": itself, "reset": itself, "reset_rest": itself, "reset_network": itself, "erasure": itself, "clock": itself, "event_head": itself,
	"mending": kept, "snapshot": itself, // the copies go, see litter
}

var declared = regexp.MustCompile(`New(?:Table|Journal)\[[^()]*\]\("([a-z_]+)"\)|newCounter\(\w+, "([a-z_]+)"`)

// tables returns the names of all tables that the program's sources declare.
func tables(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil, d.IsDir() && d.Name() == "bench":
			return cmp.Or(err, fs.SkipDir)
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		for _, found := range declared.FindAllStringSubmatch(string(data), -1) {
			names = append(names, found[1]+found[2])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

type records map[string]string

// dump returns every record of a house that is stopped, by table.
func (h *house) dump() map[string]records {
	h.t.Helper()
	all := map[string]records{}
	h.open(func(db *store.DB) error {
		return db.View(func(tx *store.Tx) error {
			for name := range verdicts {
				all[name] = records{}
				err := store.NewTable[json.RawMessage](name).Each(tx, "", func(key string, r json.RawMessage) error {
					all[name][key] = string(r)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	return all
}

// open opens the database of a house that is stopped.
func (h *house) open(use func(*store.DB) error) {
	h.t.Helper()
	db, err := store.Open(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := use(db); err != nil {
		h.t.Fatal(err)
	}
}

// life is what a house has seen.
type life struct {
	admin, ines string // ids of accounts
	phone       phone  // of the owner
	mta         *realtest.MTA
}

// lived is a house in which every table that a reset may touch has records, and is stopped.
func lived(t *testing.T, address string) (*house, life) {
	t.Helper()
	h, owner, mta := mailed(t, address)
	l := life{mta: mta}
	_, l.ines = h.add(owner, "ines", "user")
	ines := h.in(h.browser(), "ines")
	for _, b := range []*browser{ines, owner} {
		b.fresh()
		l.phone = b.enrol()
		b.fresh()
	}
	owner.emailOn(mta)
	owner.fresh()
	l.admin = owner.fresh()["me"].(obj)["id"].(string)
	owner.must(201, "POST", "/groups", obj{"name": "family", "members": []string{l.admin, l.ines}})
	for _, b := range []*browser{owner, ines} {
		h.script(b, token.Key, "me:read")
		b.must(204, "PUT", "/me/desktop", obj{"theme": "dark", "windows": []obj{}})
	}
	owner.must(200, "PUT", "/policy", obj{"two_step": "nobody", "groups": []string{}, "email_codes": "not_administrators", "presence": "everyone", "idle_minutes": 45})
	owner.must(200, "PUT", "/defender", obj{"limits": "strict", "allow": []string{"203.0.113.7"}, "block": []string{"198.51.100.0/24"}})
	for _, name := range []string{"admin", "ines"} {
		h.guess("127.0.0.3", name, "a wrong password")
		known, b := h.browser(), map[string]*browser{"admin": owner, "ines": ines}[name]
		known.cookies = maps.Clone(b.cookies)
		known.call("POST", "/sign-in", obj{"name": name, "password": "a wrong password"})
		half := h.browser()
		half.must(200, "POST", "/sign-in", obj{"name": name, "password": goodPassword})
		half.call("POST", "/sign-in/code", obj{"code": "000000"})
	}
	for i := range throttle.SprayTries / 2 {
		h.guess("127.0.0.4", "nobody"+strings.Repeat("x", i), "a wrong password")
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.open(func(db *store.DB) error {
		return db.Update(func(tx *store.Tx) error {
			if err := settings.PutButton(tx, settings.Button{Device: "gpio-keys", Key: 408}); err != nil {
				return err
			}
			if err := settings.PutNetwork(tx, settings.Network{}); err != nil {
				return err
			}
			return store.NewTable[json.RawMessage]("syslog").Put(tx, "current", json.RawMessage(`{"host":"log.example.org"}`))
		})
	})
	return h, l
}

// R140 (d), R079: what a reset does with every table of the database. A new table fails here until somebody has decided.
func TestAResetDoesWithEveryTableWhatWasDecided(t *testing.T) {
	t.Parallel()
	if names := tables(t); !slices.Equal(names, slices.Sorted(maps.Keys(verdicts))) {
		t.Fatalf("the sources declare %v, and decided is %v", names, slices.Sorted(maps.Keys(verdicts)))
	}
	h, l := lived(t, "127.0.0.59")
	before := h.dump()
	for name, v := range verdicts {
		if len(before[name]) == 0 && (v == others || v == account || v == defaults || v == lanes) {
			t.Errorf("the test proves nothing for %s: it is empty", name)
		}
	}
	h.start()
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	after := h.dump()
	for name, v := range verdicts {
		v.check(t, name, l.admin, before[name], after[name])
	}
	var admin, old obj
	if err := json.Unmarshal([]byte(after["accounts"][l.admin]), &admin); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(before["accounts"][l.admin]), &old)
	if admin["role"] != "administrator" || admin["password_origin"] != "default" || admin["password"] == old["password"] || admin["email_confirmed"] != nil || admin["last_way"] != nil {
		t.Errorf("admin is %v", admin)
	}
}

// check looks whether a table is what was decided.
func (v verdict) check(t *testing.T, name, admin string, before, after records) {
	t.Helper()
	if v == defaults && len(after) > 0 {
		t.Errorf("%s, %s: %v", name, v, after)
	}
	for key, was := range before {
		is, there := after[key]
		own := key == admin || strings.Contains(key, admin) || strings.Contains(was, admin)
		switch {
		case v == itself, v == defaults, v == account && own, v == lanes && !there:
		case v == others && own && there:
			t.Errorf("%s, %s: %s is still there", name, v, key)
		case v == others && own:
		case is != was:
			t.Errorf("%s, %s: %s was %s and is %q", name, v, key, was, is)
		}
	}
	for key := range after {
		if _, there := before[key]; !there && v != itself && v != grows {
			t.Errorf("%s, %s: %s is new", name, v, key)
		}
	}
	if v == lanes && (len(after) == 0 || len(after) >= len(before)) {
		t.Errorf("%s, %s: %d records before, %d after", name, v, len(before), len(after))
	}
}
