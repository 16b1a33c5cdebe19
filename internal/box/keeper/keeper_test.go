package keeper_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"castellan/internal/box/keeper"
)

func TestTheClockIsSetAtTheStartAndBentLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		k.Allow(true)
		synctest.Wait()
		if s := k.Status(); s.Who != keeper.Castellan || !s.MaySet || s.Synchronised {
			t.Errorf("got %+v", s)
		}
		follow(k, -3*time.Hour, false)
		if len(b.steps) != 1 || b.steps[0] != 3*time.Hour || b.off != 0 || len(b.told) != 1 || b.told[0] != 3*time.Hour || b.rtc != 1 {
			t.Fatalf("%+v", b)
		}
		if s := k.Status(); !s.Synchronised || s.Who != keeper.Castellan {
			t.Errorf("got %+v", s)
		}
		time.Sleep(time.Minute)
		follow(k, 400*time.Millisecond, false)
		follow(k, 3*time.Second, false)
		if len(b.steps) != 1 || len(b.slews) != 2 || b.slews[0] != -400*time.Millisecond || b.slews[1] != -3*time.Second {
			t.Errorf("%v and %v", b.steps, b.slews)
		}
	})
}

// A time that an administrator gave is right to within minutes, and nobody is told more than that.
func TestWhatIsVagueIsToldAsVague(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		k.Allow(true)
		k.Follow(-3*time.Hour, 2*time.Minute, true)
		synctest.Wait()
		if s := k.Status(); len(b.steps) != 1 || b.most != 2*time.Minute || s.Synchronised || s.Who != keeper.Castellan {
			t.Errorf("right to within %v, %+v", b.most, s)
		}
		time.Sleep(time.Minute)
		k.Follow(time.Second, 300*time.Millisecond, false)
		synctest.Wait()
		if s := k.Status(); b.most != 1300*time.Millisecond || !s.Synchronised {
			t.Errorf("right to within %v, %+v", b.most, s)
		}
	})
}

func TestALittleIsBentAlsoAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		k.Allow(true)
		follow(k, 300*time.Millisecond, false)
		if len(b.steps) != 0 || len(b.slews) != 1 || len(b.told) != 0 {
			t.Errorf("%v and %v", b.steps, b.slews)
		}
	})
}

func TestWhatIsFarOffOrAskedForIsSetAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*box)
		offset time.Duration
		jump   bool
		steps  int
	}{
		"bent while it runs":             {offset: 9 * time.Second, steps: 1},
		"somebody set the clock":         {offset: 11 * time.Second, steps: 2},
		"an administrator gave the time": {offset: time.Second, jump: true, steps: 2},
		"a little, though asked for":     {offset: 400 * time.Millisecond, jump: true, steps: 1},
		"the box slept":                  {before: func(b *box) { b.slept += 8 * time.Hour }, offset: time.Second, steps: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBox()
				k := run(t, b, alone())
				k.Allow(true)
				follow(k, -3*time.Hour, false)
				time.Sleep(time.Hour)
				if test.before != nil {
					b.change(func() { test.before(b) })
				}
				follow(k, test.offset, test.jump)
				if len(b.steps) != test.steps {
					t.Errorf("%d steps %v, want %d", len(b.steps), b.steps, test.steps)
				}
			})
		})
	}
}

// An offset that was measured before the clock was set must not set it twice.
func TestOneOffsetSetsTheClockOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		k.Allow(true)
		follow(k, -3*time.Hour, false)
		follow(k, -3*time.Hour, true)
		if len(b.steps) != 1 || b.off != 0 {
			t.Errorf("stepped by %v", b.steps)
		}
		// Somebody sets the clock between the measure and the step.
		time.Sleep(time.Hour)
		k.Follow(-3*time.Hour, 0, true)
		b.change(func() { b.off += time.Minute })
		synctest.Wait()
		if len(b.steps) != 1 {
			t.Errorf("stepped by %v", b.steps)
		}
	})
}

func TestTheClockIsSetAsSoonAsThatIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		follow(k, -3*time.Hour, false)
		time.Sleep(15 * time.Minute)
		k.Allow(true)
		synctest.Wait()
		if len(b.steps) != 1 || b.off != 0 {
			t.Errorf("stepped by %v", b.steps)
		}
		// An offset of long ago says nothing.
		k.Allow(false)
		time.Sleep(time.Minute)
		follow(k, time.Hour, true)
		time.Sleep(21 * time.Minute)
		k.Allow(true)
		synctest.Wait()
		if len(b.steps) != 1 {
			t.Errorf("stepped by %v", b.steps)
		}
	})
}

func TestNothingIsTouchedThatIsNotOurs(t *testing.T) {
	with := func(name, text string) fs.FS {
		root := alone()
		root[name] = file(text)
		return root
	}
	for name, test := range map[string]struct {
		root  fs.FS
		who   keeper.Who
		words string
		allow bool
		right bool
	}{
		"chrony":           {with("proc/77/comm", "chronyd\n"), keeper.Chrony, "chrony keeps the clock of this NAS.", true, true},
		"timesyncd":        {with("proc/77/comm", "systemd-timesyn\n"), keeper.Timesyncd, "systemd-timesyncd keeps", true, true},
		"ntpd":             {with("proc/77/comm", "ntpd\n"), keeper.NTPD, "ntpd keeps", true, true},
		"ntpd-rs":          {with("proc/77/comm", "ntp-daemon\n"), keeper.NTPD, "ntpd-rs keeps", true, true},
		"a live pid file":  {with("run/chrony/chronyd.pid", "1\n"), keeper.Nobody, "", false, true}, // process 1 is init
		"a dead pid file":  {with("run/ntpd.pid", "4194304999\n"), keeper.Castellan, "Castellan keeps", true, true},
		"a garbled one":    {with("run/ntpd.pid", "\n"), keeper.Castellan, "", true, true},
		"a container":      {with("run/systemd/container", "lxc\n"), keeper.Host, "its host keeps the clock", true, true},
		"not allowed":      {alone(), keeper.Nobody, "Castellan can, once it is allowed to", false, true},
		"no right":         {alone(), keeper.Nobody, "castellan-clock.conf", true, false},
		"neither":          {alone(), keeper.Nobody, "gives Castellan no right", false, false},
		"allowed, a right": {alone(), keeper.Castellan, "Castellan keeps the clock of this NAS.", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBox()
				b.right = test.right
				k := run(t, b, test.root)
				k.Allow(test.allow)
				follow(k, -3*time.Hour, true)
				s := k.Status()
				if s.Who != test.who || !strings.Contains(s.Detail, test.words) {
					t.Errorf("got %+v", s)
				}
				if set := len(b.steps)+len(b.slews) > 0; set != (test.who == keeper.Castellan) {
					t.Errorf("stepped by %v, bent by %v", b.steps, b.slews)
				}
			})
		})
	}
}

func TestARefusalIsSaidAndTriedAgainOnlyWhenAllowedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		b.refuses = true
		k := run(t, b, alone())
		k.Allow(true)
		for range 3 {
			follow(k, -3*time.Hour, false)
			if s := k.Status(); s.MaySet || s.Who != keeper.Nobody || !strings.Contains(s.Detail, "CAP_SYS_TIME") {
				t.Errorf("got %+v", s)
			}
			time.Sleep(time.Hour)
		}
		b.change(func() { b.refuses = false })
		follow(k, -3*time.Hour, false)
		if len(b.steps) != 0 {
			t.Error("it was tried again by itself")
		}
		k.Allow(false)
		k.Allow(true)
		follow(k, -3*time.Hour, false)
		if len(b.steps) != 1 {
			t.Error("it was not tried again")
		}
	})
}

// One owner: a service that cannot be seen is recognised by what it does to the kernel's clock.
func TestAHandThatIsNotSeenIsRecognised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		k := run(t, b, alone())
		k.Allow(true)
		follow(k, -3*time.Hour, false)
		for range 50 { // its own hand is none
			time.Sleep(17 * time.Minute)
			follow(k, 20*time.Millisecond, false)
			if s := k.Status(); s.Who != keeper.Castellan {
				t.Fatalf("got %+v", s)
			}
		}
		time.Sleep(11 * time.Minute)
		b.hand()
		bent := len(b.slews)
		follow(k, 20*time.Millisecond, false)
		if s := k.Status(); s.Who != keeper.NTPD || !strings.HasPrefix(s.Detail, "Another service") || len(b.slews) != bent {
			t.Errorf("got %+v", s)
		}
		for range 10 {
			time.Sleep(34 * time.Minute)
			b.hand()
			time.Sleep(5 * time.Minute)
			follow(k, 20*time.Millisecond, true)
			if s := k.Status(); s.Who != keeper.NTPD {
				t.Fatalf("got %+v", s)
			}
		}
		time.Sleep(time.Hour) // it has gone
		follow(k, 20*time.Millisecond, false)
		if s := k.Status(); s.Who != keeper.Castellan || len(b.slews) != bent+1 {
			t.Errorf("got %+v", s)
		}
	})
}

// ProtectProc=invisible hides the processes of others: what the kernel says has to do.
func TestInTheDarkASynchronisedClockIsLeftAloneForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		b.hand()
		k := run(t, b, fstest.MapFS{"proc/self/comm": file("castellan\n")})
		k.Allow(true)
		follow(k, -3*time.Hour, true)
		if s := k.Status(); s.Who != keeper.NTPD || len(b.steps) != 0 {
			t.Errorf("got %+v", s)
		}
		time.Sleep(50 * time.Minute)
		follow(k, -3*time.Hour, false)
		if s := k.Status(); s.Who != keeper.Castellan || len(b.steps) != 1 {
			t.Errorf("got %+v", s)
		}
		time.Sleep(time.Minute)
		follow(k, time.Millisecond, false)
		if s := k.Status(); s.Who != keeper.Castellan || len(b.slews) != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestAServiceThatComesTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := newBox(), t.TempDir()
		k := run(t, b, os.DirFS(dir))
		k.Allow(true)
		follow(k, -3*time.Hour, false)
		if err := errors.Join(os.MkdirAll(dir+"/proc/9", 0o700), os.WriteFile(dir+"/proc/9/comm", []byte("chronyd\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		if s := k.Status(); s.Who != keeper.Chrony {
			t.Errorf("got %+v", s)
		}
		follow(k, time.Hour, true)
		if len(b.steps) != 1 || len(b.slews) != 0 {
			t.Errorf("stepped by %v, bent by %v", b.steps, b.slews)
		}
	})
}

func TestTheZoneOfTheSystemIsRead(t *testing.T) {
	for want, f := range map[string]func(fstest.MapFS){
		"Europe/Berlin": func(m fstest.MapFS) {
			m["etc/localtime"] = &fstest.MapFile{Data: []byte("/usr/share/zoneinfo/Europe/Berlin"), Mode: fs.ModeSymlink}
		},
		"Asia/Tokyo": func(m fstest.MapFS) { m["etc/timezone"] = file("Asia/Tokyo\n") },
		"":           func(fstest.MapFS) {},
	} {
		synctest.Test(t, func(t *testing.T) {
			root := alone()
			f(root)
			if got := run(t, newBox(), root).Status().Zone; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// The real kernel of this machine is only read.
func TestTheKernelOfThisMachineIsRead(t *testing.T) {
	k := keeper.New(keeper.Config{Bus: noBus})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := k.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if s := k.Status(); s.Detail == "" || s.Detail == "Not looked at yet." {
		t.Errorf("got %+v", s)
	} else {
		t.Logf("%+v", s)
	}
}
