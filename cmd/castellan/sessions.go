package main

import (
	"fmt"

	"castellan/internal/httpapi/api"
)

func printSessions(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	const form = "2006-01-02 15:04:05Z"
	table := c.table("NAME", "SINCE", "LAST ACTIVE", "FROM", "BROWSER")
	err := pages(c, "/local/sessions", *asJSON, func(page api.SessionPage) {
		for _, s := range page.Sessions {
			table.row(s.User.Name, s.Session.Since.UTC().Format(form), s.Session.Active.UTC().Format(form), s.Session.Address, s.Session.Browser)
		}
	})
	if err != nil || *asJSON {
		return err
	}
	return table.Flush()
}

func endSessions(c *call) error {
	if err := c.parse(1); err != nil {
		return err
	}
	var answer api.SessionsEnded
	if err := c.ask("POST", "/local/sessions/end", api.AccountName{Name: c.args[0]}, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "%d sessions ended\n", answer.Ended)
	return err
}
