package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"castellan/internal/httpapi/api"
)

func listUsers(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	table := c.table("NAME", "ROLE", "STATE", "2-STEP", "E-MAIL", "LAST SIGN-IN", "FULL NAME")
	err := pages(c, "/users", *asJSON, func(page api.UserPage) {
		for _, u := range page.Users {
			table.row(u.Name, string(u.Role), standing(u), twoStep(u), u.Email, last(u), u.DisplayName)
		}
	})
	if err != nil || *asJSON {
		return err
	}
	return table.Flush()
}

// showUser finds an account by its name, and shows it.
func showUser(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(1); err != nil {
		return err
	}
	name := c.args[0]
	for after := ""; ; {
		var page api.UserPage
		if err := c.ask("GET", "/users?search="+url.QueryEscape(name)+after, nil, &page); err != nil {
			return err
		}
		for _, u := range page.Users {
			if strings.EqualFold(u.Name, name) {
				_, err := show(c, "/users/"+u.Id, *asJSON, c.showUser)
				return err
			}
		}
		if page.Next == nil {
			return fmt.Errorf("there is no user %q. castellan -c %s users list prints them", name, *c.nas)
		}
		after = "&after=" + url.QueryEscape(*page.Next)
	}
}

func (c *call) showUser(u api.User) error {
	table := c.table()
	table.row("name", u.Name)
	table.row("full name", u.DisplayName)
	table.row("role", string(u.Role))
	table.row("state", standing(u))
	table.row("2-step", twoStep(u))
	table.row("e-mail", u.Email)
	table.row("since", u.Created.UTC().Format(time.DateOnly))
	table.row("last sign-in", last(u))
	table.row("id", u.Id)
	return table.Flush()
}

// standing is how far an account is, in a word that can be searched for.
func standing(u api.User) string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.Invitation != nil:
		return "invitation " + string(*u.Invitation)
	case u.Waiting:
		return "temporary password"
	}
	return "active"
}

func twoStep(u api.User) string {
	switch {
	case u.TwoStep:
		return "on"
	case u.Demanded:
		return "off, demanded"
	}
	return "off"
}

func last(u api.User) string {
	if u.LastSignIn == nil {
		return "never"
	}
	return u.LastSignIn.UTC().Format("2006-01-02 15:04:05Z")
}

func printGroups(c *call) error {
	asJSON := c.jsonFlag()
	if err := c.parse(0); err != nil {
		return err
	}
	_, err := show(c, "/groups", *asJSON, func(list api.GroupList) error {
		table := c.table("NAME", "KIND", "MEMBERS")
		for _, g := range list.Groups {
			var names []string
			for _, m := range g.Members {
				names = append(names, m.Name)
			}
			table.row(g.Name, map[bool]string{true: "built-in", false: "own"}[g.BuiltIn], strings.Join(names, ", "))
		}
		return table.Flush()
	})
	return err
}
