package drift

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/store"
)

// hourRecord is the worst of an hour. Lengths of time are in nanoseconds.
type hourRecord struct {
	Offset time.Duration `json:"offset"`
	Doubt  time.Duration `json:"doubt"`
	State  clock.State   `json:"state"`
}

// pointsRecord is the measurements of an hour of the last day: time in milliseconds since 1970, offset and doubt in
// microseconds, and 1 in holdover.
type pointsRecord struct {
	Points [][4]int64 `json:"points"`
}

type jumpRecord struct {
	At  time.Time     `json:"at"`
	Of  Of            `json:"of"`
	By  time.Duration `json:"by"`
	Why string        `json:"why"`
}

type jumpsRecord struct {
	Jumps []jumpRecord `json:"jumps"`
}

// Hours are kept by their beginning in seconds since 1970, as wide as sorting wants.
var (
	hours  = store.NewTable[hourRecord]("drift_hours")
	points = store.NewTable[pointsRecord]("drift_points")
	leaps  = store.NewTable[jumpsRecord]("drift_jumps")
)

const leapsKey = "all"

func keyOf(hour int64) string { return fmt.Sprintf("%012d", hour) }

func timeOf(key string) (time.Time, error) {
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read hour of the clock: %w", err)
	}
	return time.Unix(n, 0).UTC(), nil
}

func pack(p Point) [4]int64 {
	row := [4]int64{p.At.UnixMilli(), p.Offset.Microseconds(), p.Uncertainty.Microseconds()}
	if p.State == clock.Holdover {
		row[3] = 1
	}
	return row
}

func unpack(row [4]int64) Point {
	p := Point{time.UnixMilli(row[0]).UTC(), time.Duration(row[1]) * time.Microsecond, time.Duration(row[2]) * time.Microsecond, clock.Synced}
	if row[3] == 1 {
		p.State = clock.Holdover
	}
	return p
}

// Load reads what was kept. Where that cannot be read the history begins anew, and the next save drops what is there.
func (d *Drift) Load(tx *store.Tx) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.load(tx)
	if err != nil {
		d.day, d.hours, d.jumps, d.broken = nil, nil, nil, true
	}
	return err
}

// load needs mu.
func (d *Drift) load(tx *store.Tx) error {
	err := hours.Each(tx, "", func(key string, r hourRecord) error {
		at, err := timeOf(key)
		d.hours = append(d.hours, Point{at, r.Offset, r.Doubt, r.State})
		return err
	})
	if err != nil {
		return err
	}
	err = points.Each(tx, "", func(_ string, r pointsRecord) error {
		for _, row := range r.Points {
			d.day = append(d.day, unpack(row))
		}
		return nil
	})
	if err != nil {
		return err
	}
	r, _, err := leaps.Get(tx, leapsKey)
	for _, j := range r.Jumps {
		d.jumps = append(d.jumps, Jump(j))
	}
	return err
}

// Run keeps the history until the context ends, and then once more.
func (d *Drift) Run(ctx context.Context) error {
	tick := time.NewTicker(SaveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			d.save()
			return nil
		case <-tick.C:
			d.save()
		}
	}
}

// save writes what the store does not know yet, and deletes what is old, in one transaction.
func (d *Drift) save() {
	d.mu.Lock()
	if len(d.dirty) == 0 && !d.jumped {
		d.mu.Unlock()
		return
	}
	// Nobody who notes something waits for the disk.
	now := Drift{day: slices.Clone(d.day), hours: slices.Clone(d.hours), jumps: slices.Clone(d.jumps), dirty: d.dirty, jumped: d.jumped, broken: d.broken}
	d.dirty, d.jumped = map[int64]bool{}, false
	d.mu.Unlock()
	err := d.config.DB.Update(func(tx *store.Tx) error {
		if now.broken {
			if err := drop(tx); err != nil {
				return err
			}
		}
		for hour := range now.dirty {
			if err := now.saveHour(tx, hour); err != nil {
				return err
			}
		}
		if err := now.saveJumps(tx); err != nil {
			return err
		}
		return now.sweep(tx)
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.broken = false
		return
	}
	d.config.Trouble(err) // the next hour tries again
	maps.Copy(d.dirty, now.dirty)
	d.jumped = d.jumped || now.jumped
}

// drop deletes a history that cannot be read.
func drop(tx *store.Tx) error {
	for _, table := range []interface {
		Holding(tx *store.Tx, part string, visit func(key string) error) error
		Delete(tx *store.Tx, key string) error
	}{hours, points, leaps} {
		var keys []string
		err := table.Holding(tx, "", func(key string) error { keys = append(keys, key); return nil })
		for _, key := range keys {
			err = errors.Join(err, table.Delete(tx, key))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// saveHour writes an hour as it is now, which may be not at all.
func (d *Drift) saveHour(tx *store.Tx, hour int64) error {
	key := keyOf(hour)
	i := slices.IndexFunc(d.hours, func(p Point) bool { return p.At.Unix() == hour })
	if i < 0 {
		if err := points.Delete(tx, key); err != nil {
			return err
		}
		return hours.Delete(tx, key)
	}
	var r pointsRecord
	for _, p := range d.day {
		if hourOf(p.At).Unix() == hour {
			r.Points = append(r.Points, pack(p))
		}
	}
	if err := points.Put(tx, key, r); err != nil {
		return err
	}
	w := d.hours[i]
	return hours.Put(tx, key, hourRecord{w.Offset, w.Uncertainty, w.State})
}

func (d *Drift) saveJumps(tx *store.Tx) error {
	if !d.jumped {
		return nil
	}
	var r jumpsRecord
	for _, j := range d.jumps {
		r.Jumps = append(r.Jumps, jumpRecord(j))
	}
	return leaps.Put(tx, leapsKey, r)
}

// sweep deletes what is older than is shown, and what lies ahead of the newest hour: it was noted at a wrong time.
func (d *Drift) sweep(tx *store.Tx) error {
	if len(d.hours) == 0 {
		return nil
	}
	newest := d.hours[len(d.hours)-1].At
	var old, oldPoints []string
	err := hours.Each(tx, "", func(key string, _ hourRecord) error {
		at, err := timeOf(key)
		age := newest.Sub(at)
		if age > MonthFor || age < 0 {
			old = append(old, key)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = points.Each(tx, "", func(key string, _ pointsRecord) error {
		at, err := timeOf(key)
		age := newest.Sub(at)
		if age > DayFor+time.Hour || age < 0 {
			oldPoints = append(oldPoints, key)
		}
		return err
	})
	for _, key := range old {
		if err == nil {
			err = hours.Delete(tx, key)
		}
	}
	for _, key := range oldPoints {
		if err == nil {
			err = points.Delete(tx, key)
		}
	}
	return err
}
