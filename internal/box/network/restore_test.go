package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// restores restores once, and wants words of an error; "": that everything is restored.
func (d *desk) restores(want string) {
	d.t.Helper()
	switch done, err := d.RestoreAutomatic(d.t.Context()); {
	case want == "" && (!done || err != nil):
		d.t.Errorf("done %v, %v", done, err)
	case want != "" && (done || err == nil || !strings.Contains(err.Error(), want)):
		d.t.Errorf("done %v, %v; it does not say %q", done, err, want)
	}
}

// R140: what was not restored is not said to be.
func TestAnInterfaceThatTheServiceDoesNotManageIsNotRestored(t *testing.T) {
	for name, c := range map[string]struct {
		managed []string
		more    Card
		want    string
	}{
		"nothing yet":         {nil, Card{Name: "eth1", Type: "ethernet"}, "eth0 and eth1"},
		"one of two":          {[]string{"eth0"}, Card{Name: "eth1", Type: "ethernet"}, "does not manage eth1"},
		"one in use by radio": {[]string{"eth0"}, Card{Name: "wlan0", Type: "wifi", Carrier: true}, "does not manage wlan0"},
		"one that is idle":    {[]string{"eth0"}, Card{Name: "wlan0", Type: "wifi"}, ""},
		"part of a bridge":    {[]string{"eth0"}, Card{Name: "eth1", Type: "ethernet", Port: true}, ""},
		"somebody's VLAN":     {[]string{"eth0"}, Card{Name: "eth0.7", Type: "vlan"}, ""},
		"both":                {[]string{"eth0", "eth1"}, Card{Name: "eth1", Type: "ethernet"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire()
				w.card.Type, w.more, w.kept = "ethernet", []Card{c.more}, map[string]Setting{}
				for _, name := range c.managed {
					w.kept[name] = manual(name, "192.0.2.20/24", "192.0.2.1")
				}
				d := start(t, w, t.TempDir())
				d.restores(c.want)
				for _, name := range c.managed {
					if !alike(w.kept[name], AutomaticSetting(name)) {
						t.Errorf("%s is %+v", name, w.kept[name])
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		w.kept = map[string]Setting{} // and the kernel knows no card of a kind that must be there
		start(t, w, t.TempDir()).restores("none of its interfaces")
	})
}

// R140
func TestAnInterfaceThatCannotBeChangedHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		for _, name := range []string{"eth0", "eth1", "eth2"} {
			w.kept[name] = manual(name, "192.0.2.20/24", "192.0.2.1")
		}
		w.stuck = "eth1"
		d := start(t, w, t.TempDir())
		d.restores("eth1")
		if !alike(w.kept["eth0"], AutomaticSetting("eth0")) || alike(w.kept["eth1"], AutomaticSetting("eth1")) || !alike(w.kept["eth2"], AutomaticSetting("eth2")) || len(w.tried) > 0 {
			t.Errorf("kept %+v, tried %+v", w.kept, w.tried)
		}
		w.stuck = ""
		d.restores("")
	})
}

// R140: one that is not saved yet is in force, and so is the next one.
func TestWhatIsRestoredAndNotSavedIsInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		for _, name := range []string{"eth0", "eth1"} {
			w.kept[name] = manual(name, "192.0.2.20/24", "192.0.2.1")
		}
		full := errors.New("no space left")
		w.before = func(what string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.broken = nil; what == "keep" {
				w.broken = full
			}
		}
		d := start(t, w, t.TempDir())
		for range 2 {
			d.restores(full.Error())
			if now, _ := w.Settings(t.Context()); !alike(now["eth0"], AutomaticSetting("eth0")) || !alike(now["eth1"], AutomaticSetting("eth1")) {
				t.Errorf("got %+v", now)
			}
			d.set(func(w *wire) { w.broken = nil })
		}
		d.set(func(w *wire) { w.before, w.broken = nil, nil })
		time.Sleep(2 * againMost) // which saves it by itself
		if d.restores(""); !alike(w.kept["eth0"], AutomaticSetting("eth0")) || !alike(w.kept["eth1"], AutomaticSetting("eth1")) || len(d.told()) != 0 {
			t.Errorf("kept %+v, told %+v", w.kept, d.told())
		}
	})
}

// R140: the way back needs no room on the disk.
func TestAFullDiskDoesNotStandInTheWayOfAutomaticAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		w.kept["eth0"] = wished
		d := start(t, w, filepath.Join(t.TempDir(), "gone"))
		if d.restores(""); !alike(w.kept["eth0"], AutomaticSetting("eth0")) {
			t.Errorf("kept %+v", w.kept)
		}
	})
}

func TestANetworkThatIsLeftAloneIsSaidToBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.set(func(w *wire) { w.gone = true })
		if _, err := d.Try(t.Context(), wished, "admin"); !errors.Is(err, ErrNoService) || !errors.Is(d.Unserved(), ErrNoService) || strings.Contains(err.Error(), "config file") {
			t.Errorf("without a service: %v", err)
		}
		d.config.Alone = true
		if _, err := d.Try(t.Context(), wished, "admin"); !errors.Is(err, ErrNoService) || !strings.Contains(err.Error(), alone) || !strings.Contains(d.Unserved().Error(), alone) {
			t.Errorf("left alone: %v", err)
		}
		if done, err := d.RestoreAutomatic(t.Context()); done || err != nil {
			t.Errorf("restored: %v, %v", done, err)
		}
	})
}

// A service that comes up after Castellan knows no interface yet: whether a change stayed is seen once it does.
func TestAChangeThatWasBeingKeptIsDecidedOnceItsInterfaceIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		comes   Setting // "": it never does
		service bool    // knows no interface yet; otherwise it does not answer
		want    Outcome
		reason  string
	}{
		"it stayed":                    {wished, true, Kept, keptLate},
		"it went back":                 {AutomaticSetting("eth0"), true, WentBack, "started again before"},
		"the interface is away":        {Setting{}, true, WentBack, keptAway},
		"the service comes even later": {wished, false, Kept, keptLate},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				folder, w := t.TempDir(), newWire()
				text, err := json.Marshal(note{Kind: Networkd, By: "admin", Setting: wished, Keeping: true})
				if err == nil {
					err = os.WriteFile(filepath.Join(folder, noteFile), text, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				if w.kept = map[string]Setting{}; !c.service {
					w.broken = errGone
				}
				d := start(t, w, folder)
				time.Sleep(time.Minute)
				if p := d.Look(t.Context()); len(d.told()) != 0 || len(noted(t, folder)) != 1 || c.service && !strings.Contains(p.Trouble, "eth0") {
					t.Fatalf("told %+v, trouble %q", d.told(), p.Trouble)
				}
				d.stop() // and Castellan is started once more: it still is not known
				d = start(t, w, folder)
				time.Sleep(time.Minute)
				d.set(func(w *wire) {
					if w.broken = nil; c.comes.Interface != "" {
						w.kept["eth0"] = c.comes
					}
				})
				time.Sleep(goneTime + againMost)
				if all := d.told(); len(all) != 1 || all[0].Outcome != c.want || !strings.Contains(all[0].Reason, c.reason) || len(noted(t, folder)) != 0 {
					t.Errorf("told %+v", all)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // a reset does not wait for it
		folder, w := t.TempDir(), newWire()
		text, _ := json.Marshal(note{Kind: Networkd, By: "admin", Setting: wished, Keeping: true})
		if err := os.WriteFile(filepath.Join(folder, noteFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		w.kept = map[string]Setting{"eth1": manual("eth1", "192.0.2.21/24", "192.0.2.1")}
		d := start(t, w, folder)
		time.Sleep(time.Second)
		if d.restores(""); !alike(w.kept["eth1"], AutomaticSetting("eth1")) || len(d.told()) != 1 {
			t.Errorf("kept %+v, told %+v", w.kept, d.told())
		}
	})
}

// Every line of the log can wake a disk: what goes on and on is said once an hour.
func TestAChangeThatDoesNotGoBackIsSaidOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		var out bytes.Buffer
		d.config.Out = slog.New(slog.NewTextHandler(&out, nil))
		d.asks(wished)
		time.Sleep(3 * time.Second)
		d.set(func(w *wire) { w.broken = errors.New("no") })
		time.Sleep(TryTime + 5*time.Hour/2)
		d.stop()
		if n := strings.Count(out.String(), "have a change of the network go back"); n != 3 || len(d.called()) < 100 {
			t.Errorf("said %d times in %d tries", n, len(d.called()))
		}
	})
}

func TestAWatchThatFailsIsBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var begun []time.Duration
		moved, from := 0, time.Now()
		n := New(Config{Elapsed: func() time.Duration { return time.Since(from) }, Moved: func() { moved++ }, Out: slog.New(slog.NewTextHandler(&out, nil))})
		n.watch = func(ctx context.Context, _ func()) error {
			if begun = append(begun, time.Since(from)); len(begun) == 4 {
				<-ctx.Done()
				return nil
			}
			return errors.New("too many open files")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		n.keepWatch(ctx)
		if want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}; !slices.Equal(begun, want) || moved != 3 || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("begun at %v, told %d times, said %s", begun, moved, &out)
		}
	})
}
