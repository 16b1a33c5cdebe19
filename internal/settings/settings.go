// Package settings keeps what the owner changes on screen.
package settings

import (
	"regexp"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// Settings are the owner's choices.
type Settings struct {
	NASName  string // a host name of one label
	TimeZone string // an IANA time zone
}

// Default returns the settings of a box that nobody has set up.
func Default() Settings { return Settings{NASName: "castellan", TimeZone: "UTC"} }

type record struct {
	NASName  string `json:"nas_name"`
	TimeZone string `json:"time_zone"`
}

var table = store.NewTable[record]("settings")

const key = "general"

// Get returns the settings.
func Get(tx *store.Tx) (Settings, error) {
	r, found, err := table.Get(tx, key)
	if err != nil || !found {
		return Default(), err
	}
	return Settings(r), nil
}

// Put checks the settings and stores them.
func Put(tx *store.Tx, s Settings) error {
	if err := s.check(); err != nil {
		return err
	}
	return table.Put(tx, key, record(s))
}

// label is the grammar of a host name label (RFC 1123 section 2.1), in lower case.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (s Settings) check() error {
	var wrong []fault.Field
	if !label.MatchString(strings.ToLower(s.NASName)) {
		wrong = append(wrong, fault.Field{Name: "nas_name", Code: "malformed", Message: "Letters, digits and “-”, up to 63, and no “-” at either end."})
	}
	if _, err := Zone(s.TimeZone); err != nil {
		wrong = append(wrong, fault.Field{Name: "time_zone", Code: "unknown", Message: "This time zone is not known. Choose one from the list."})
	}
	if wrong != nil {
		return fault.InvalidFields(wrong...)
	}
	return nil
}
