package settings

import "castellan/internal/store"

// Button is what the owner decided about the reset button.
type Button struct {
	// Device and Key are the one that the NAS learnt, by the name of the input device and the key's code; an empty name
	// leaves it to be found.
	Device string
	Key    uint16
	// Disabled has presses do nothing, not even restore the administrator's defaults.
	Disabled bool
}

type buttonRecord struct {
	Device   string `json:"device,omitempty"`
	Key      uint16 `json:"key,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
}

var buttons = store.NewTable[buttonRecord]("button")

// GetButton returns what the owner decided. Restoring the administrator's defaults keeps it: the button of the box stays
// where it is.
func GetButton(tx *store.Tx) (Button, error) {
	r, _, err := buttons.Get(tx, key)
	return Button(r), err
}

// PutButton stores what the owner decided.
func PutButton(tx *store.Tx, b Button) error { return buttons.Put(tx, key, buttonRecord(b)) }
