package main

import (
	"errors"

	"castellan/internal/httpapi/api"
)

// errUnwell ends the program with 1 when something is wrong with the NAS.
var errUnwell = errors.New("something is wrong with this NAS")

func printHealth(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	h, err := show(c, "/health", *asJSON, func(h api.Health) error {
		table := c.table("LEVEL", "WHAT", "STATE", "IN WORDS")
		for _, one := range h.Checks {
			table.row(string(one.Level), one.Title, one.Value, one.Detail)
		}
		return table.Flush()
	})
	if err == nil && h.Level == api.LevelBad {
		err = errUnwell
	}
	return err
}

func printSettings(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	_, err := show(c, "/settings", *asJSON, func(s api.Settings) error {
		table := c.table()
		table.row("name", s.NasName)
		table.row("time zone", s.TimeZone)
		return table.Flush()
	})
	return err
}
