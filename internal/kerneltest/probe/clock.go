//go:build kernel && linux

package main

import (
	"context"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/kerneltest/plan"
)

// Time is what the probe knows of the clocks.
type Time struct {
	Now          time.Time     // the system clock as Go reads it
	RTC          int64         // the battery-backed clock, in seconds since 1970
	Elapsed      time.Duration // of box/clock
	Boot         time.Duration // CLOCK_BOOTTIME
	Awake        time.Duration // CLOCK_MONOTONIC
	Synchronised bool
	Keeper       keeper.Status
	Stepped      []time.Duration // by the Keeper
}

// keeping is a Keeper that may set the clock.
type keeping struct {
	keeper *keeper.Keeper

	mu      sync.Mutex
	stepped []time.Duration
}

func newClock() *keeping {
	k := &keeping{}
	k.keeper = keeper.New(keeper.Config{Stepped: func(by time.Duration) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.stepped = append(k.stepped, by)
	}})
	k.keeper.Allow(true)
	return k
}

func (k *keeping) keep() { _ = k.keeper.Run(context.Background()) }

func (k *keeping) now() Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	var timex unix.Timex
	_, err := unix.Adjtimex(&timex)
	t := atOnce()
	t.Synchronised, t.Keeper, t.Stepped = err == nil && timex.Status&unix.STA_UNSYNC == 0, k.keeper.Status(), k.stepped
	text, _ := os.ReadFile(rtc + "since_epoch")
	t.RTC, _ = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return t
}

// atOnce reads the clocks of one moment: of some readings it is the one that took the least, as others may run in between.
func atOnce() (best Time) {
	least := time.Duration(math.MaxInt64)
	for range 20 {
		before := clock.Elapsed()
		t := Time{Now: time.Now().UTC(), Boot: reading(unix.CLOCK_BOOTTIME), Awake: reading(unix.CLOCK_MONOTONIC)}
		if took := clock.Elapsed() - before; took < least {
			least, best = took, t
			best.Elapsed = before + took/2
		}
	}
	return best
}

func (k *keeping) tell(w http.ResponseWriter, _ *http.Request) { answer(w, k.now()) }

// follow has the Keeper follow a time from which the system clock is off by the offset in the query.
func (k *keeping) follow(w http.ResponseWriter, r *http.Request) {
	offset, err := time.ParseDuration(r.URL.Query().Get("offset"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	k.keeper.Follow(offset, 0, r.URL.Query().Has("jump"))
}

// bend runs the system clock faster or slower, as chrony does: so many microseconds a tick instead of 10000.
func bend(w http.ResponseWriter, r *http.Request) {
	tick, err := strconv.ParseInt(r.URL.Query().Get("tick"), 10, 32)
	t := unix.Timex{Modes: unix.ADJ_TICK}
	set(&t.Tick, tick)
	if err == nil {
		_, err = unix.Adjtimex(&t)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// set stores a number in the kernel's type for it, which differs between processors.
func set[T int32 | int64](to *T, n int64) { *to = T(n) }

const rtc = "/sys/class/rtc/rtc0/"

// sleep puts the machine to sleep for five seconds, and answers the time before and after.
func (k *keeping) sleep(w http.ResponseWriter, _ *http.Request) {
	before := k.now()
	if err := plan.Sleep(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, []Time{before, k.now()})
}

func reading(clock int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
