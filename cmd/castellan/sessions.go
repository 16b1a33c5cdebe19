package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"

	"castellan/internal/httpapi/api"
)

func printSessions(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "NAME\tSINCE\tLAST ACTIVE\tFROM\tBROWSER")
	for path := "/local/sessions"; path != ""; {
		var page api.SessionPage
		if err := c.ask("GET", path, nil, &page); err != nil {
			return err
		}
		for _, s := range page.Sessions {
			const form = "2006-01-02 15:04:05Z"
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n",
				s.User.Name, s.Session.Since.UTC().Format(form), s.Session.Active.UTC().Format(form), s.Session.Address, s.Session.Browser)
		}
		path = ""
		if page.Next != nil {
			path = "/local/sessions?after=" + url.QueryEscape(*page.Next)
		}
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
