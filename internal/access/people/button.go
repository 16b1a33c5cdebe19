package people

import (
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// ErrWrongName refuses to turn the button off: whoever does has typed the name of the NAS, to have read what is lost.
var ErrWrongName = fault.InvalidField("nas_name", "different", "This is not the name of this NAS. Type it as Settings › Network shows it.")

// ChoiceOf is what the owner decided as the button wants it.
func ChoiceOf(b settings.Button) button.Choice {
	c := button.Choice{Disabled: b.Disabled}
	if b.Device != "" {
		c.Key = &button.InputKey{Device: b.Device, Key: b.Key}
	}
	return c
}

// ListenForButton has the NAS listen to all keys that may be its button.
func (o *Office) ListenForButton(by Actor) error {
	return o.update(by, func(tx *store.Tx) error {
		if err := o.Button.CanLearn(); err != nil {
			return err
		}
		tx.OnCommit(o.Button.Learn)
		return o.Log.Record(tx, by.event(event.ButtonLearning).With("for", clock.Words(button.LearnTime)))
	})
}

// ChooseButton binds the reset to a key that the NAS heard, or with nil to the one that it finds by itself. Every
// administrator is told.
func (o *Office) ChooseButton(by Actor, k *button.InputKey) error {
	name := "the one that the NAS finds by itself"
	if k != nil {
		if err := o.Button.CheckHeard(*k); err != nil {
			return err
		}
		name = k.Name()
	}
	return o.changeButton(by, by.event(event.ButtonChosen).With("button", name), func(_ *store.Tx, b *settings.Button) error {
		b.Device, b.Key = "", 0
		if k != nil {
			b.Device, b.Key = k.Device, k.Key
		}
		return nil
	})
}

// TestButton has presses be shown and do nothing for a while.
func (o *Office) TestButton(by Actor) error {
	return o.update(by, func(tx *store.Tx) error {
		if err := o.Button.CanTest(); err != nil {
			return err
		}
		tx.OnCommit(o.Button.Test)
		return o.Log.Record(tx, by.event(event.ButtonTested).With("for", clock.Words(button.TestTime)))
	})
}

// EnableButton turns the button on.
func (o *Office) EnableButton(by Actor) error {
	return o.changeButton(by, by.event(event.ButtonEnabled), func(_ *store.Tx, b *settings.Button) error {
		b.Disabled = false
		return nil
	})
}

// DisableButton turns the button off, for whoever types the name of the NAS. Every administrator is told.
func (o *Office) DisableButton(by Actor, name string) error {
	return o.changeButton(by, by.event(event.ButtonDisabled), func(tx *store.Tx, b *settings.Button) error {
		s, err := settings.Get(tx)
		if err != nil {
			return err
		}
		if !strings.EqualFold(strings.TrimSpace(name), s.NASName) {
			return ErrWrongName
		}
		b.Disabled = true
		return nil
	})
}

// changeButton makes a change of what was decided about the button, if it is one.
func (o *Office) changeButton(by Actor, e event.Event, change func(*store.Tx, *settings.Button) error) error {
	return o.update(by, func(tx *store.Tx) error {
		before, err := settings.GetButton(tx)
		if err != nil {
			return err
		}
		after := before
		if err := change(tx, &after); err != nil || after == before {
			return err
		}
		if err := settings.PutButton(tx, after); err != nil {
			return err
		}
		all, err := account.Administrators(tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			o.Post.Tell(tx, a, e)
		}
		tx.OnCommit(func() { o.Button.Follow(ChoiceOf(after)) })
		return o.Log.Record(tx, e)
	})
}
