package network

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// A power cut at each step: the next start finds the settings of before, or those that were confirmed, and nothing in between.
func TestAPowerCutAtEachStepLeavesOneOfTwoSettings(t *testing.T) {
	for _, moment := range []string{"noted", "try", "made", "keep", "kept", "back"} {
		for name, forgets := range map[string]bool{"power cut": true, "killed": false} {
			t.Run(moment+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { cutAt(t, moment, forgets) })
			})
		}
	}
}

func cutAt(t *testing.T, moment string, forgets bool) {
	folder, w := t.TempDir(), newWire()
	var left []byte // the note as it was at that moment
	happened := false
	take := func() {
		happened = true
		left, _ = os.ReadFile(filepath.Join(folder, noteFile))
	}
	w.before = func(what string) {
		if what == moment && !happened {
			take()
			if what == "keep" || what == "back" {
				w.broken = errors.New("the power is gone")
			}
		}
	}
	d := start(t, w, folder)
	token := d.asks(wished)
	if moment == "noted" {
		take()
	}
	time.Sleep(3 * time.Second)
	switch moment {
	case "made":
		take()
	case "keep", "kept":
		_, _ = d.Confirm(t.Context(), token, at)
	case "back":
		time.Sleep(TryTime)
	}
	if moment == "kept" {
		take()
	}
	saved := w.tried
	d.stop() // which a power cut does not: what it did is undone
	w.before, w.broken = nil, nil
	if w.tried = saved; forgets || moment == "noted" || moment == "try" {
		w.tried = map[string]Setting{}
	}
	if left != nil {
		if err := os.WriteFile(filepath.Join(folder, noteFile), left, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		_ = os.Remove(filepath.Join(folder, noteFile))
	}
	if !happened {
		t.Fatal("the test proves nothing")
	}

	d = start(t, w, folder)
	time.Sleep(time.Second)
	synctest.Wait()
	want, outcome := AutomaticSetting("eth0"), WentBack
	if moment == "kept" || moment == "keep" && !forgets {
		want, outcome = wished, Kept
	}
	now, _ := w.Settings(t.Context())
	if !alike(now["eth0"], want) || len(w.tried) != 0 || len(noted(t, folder)) != 0 {
		t.Errorf("it is %+v, tried %v, noted %v", now["eth0"], w.tried, noted(t, folder))
	}
	if moment == "kept" {
		if len(d.told()) != 0 { // that was told before
			t.Errorf("told %+v", d.told())
		}
		return
	}
	if len(d.told()) != 1 || d.told()[0].Outcome != outcome || d.told()[0].By != "admin" {
		t.Errorf("told %+v", d.told())
	}
}

func TestANoteThatCannotBeReadStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, noteFile), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := start(t, newWire(), folder)
		time.Sleep(time.Second)
		d.asks(wished)
	})
}

func TestANoteKeepsItsForm(t *testing.T) {
	text, err := json.Marshal(note{Kind: Networkd, By: "admin", Setting: manual("eth0", "192.0.2.20/24", "192.0.2.1")})
	const want = `{"kind":"networkd","by":"admin","setting":{"Interface":"eth0","IPv4":{"Method":"manual","Address":"192.0.2.20/24","Gateway":"192.0.2.1"},` +
		`"IPv6":{"Method":"automatic","Address":"","Gateway":""},"DNS":null,"Search":null,"MTU":0},"keeping":false,"restoring":false}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

// A service that ended for good took with it what it did in memory.
func TestAChangeOfAServiceThatIsGoneForGoodEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, newWire(), t.TempDir())
		d.asks(wished)
		time.Sleep(3 * time.Second)
		d.set(func(w *wire) { w.broken = errGone })
		d.set(func(w *wire) { w.gone = true })
		time.Sleep(TryTime + goneTime/2)
		if len(d.told()) != 0 {
			t.Fatalf("told %v", d.told())
		}
		if time.Sleep(goneTime); len(d.told()) != 1 || d.told()[0].Outcome != WentBack {
			t.Errorf("told %v", d.told())
		}
	})
}
