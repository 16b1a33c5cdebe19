package settings

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"
)

// zones holds the time zones of the Go distribution, compressed: small boxes carry none of their own, and package time/tzdata is four
// times as large. Each stands behind a line with its name and its size; equal ones are neighbours. A test writes it:
//
//	go test ./internal/settings -run TimeZones -update
//
//go:embed zones.gz
var zones []byte

// errZone says that there is no such time zone.
var errZone = errors.New("unknown time zone")

// Zone returns a time zone by its IANA name: the system's, which is newer where the box is kept up to date, or else the program's own.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errZone
	}
	if z, err := time.LoadLocation(name); err == nil {
		return z, nil
	}
	return ownZone(name)
}

// ownZone returns a time zone of the program.
func ownZone(name string) (*time.Location, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(zones))
	if err != nil {
		return nil, err
	}
	for r := bufio.NewReader(unpacked); ; {
		var found string
		var size int
		if _, err := fmt.Fscanf(r, "%s %d\n", &found, &size); err != nil {
			return nil, errZone
		}
		if found != name {
			if _, err := r.Discard(size); err != nil {
				return nil, err
			}
			continue
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			return nil, err
		}
		return time.LoadLocationFromTZData(name, data)
	}
}
