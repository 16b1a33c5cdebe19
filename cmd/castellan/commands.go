package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"castellan/internal/config"
	"castellan/internal/daemon"
	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
)

// commands lists everything the command line can do.
var commands = []command{
	{here, []string{"serve"}, "[-config FILE] [-greeting]", "run the daemon", serve},
	{alone, []string{"version"}, "", "print the version", printVersion},
	{here, []string{"check-config"}, "[-config FILE]", "check the config file", checkConfig},
	{here, []string{"default-password"}, "[-config FILE]", "print the password that opens this NAS after a reset", defaultPassword},
	{here, []string{"before-reset"}, "[-config FILE] [-json]", "print what was set before the reset button restored the defaults last", printBefore},
	{here, []string{"recover"}, "[-config FILE] NAME", "give an administrator a one-time password and turn their 2-step verification off", recoverAccount},
	{here, []string{"sessions", "end"}, "[-config FILE] NAME", "sign a person out everywhere", endSessions},
	{both, []string{"sessions"}, "[-config FILE]", "print who is signed in", printSessions},
	{here, []string{"log", "verify"}, "[-config FILE]", "follow the hash chain of the log and say where it is broken", verifyLog},
	{here, []string{"log"}, "[-config FILE] [-n 50] [-json]", "print the newest entries of the log", printLog},
	{both, []string{"time"}, "[-config FILE] [-json]", "compare the clock of this NAS with network time; 0 when it is synced", printTime},
	{here, []string{"network", "automatic"}, "[-config FILE]", "have every interface ask the network for its addresses again", makeAutomatic},
	{both, []string{"network"}, "[-config FILE] [-json]", "print the interfaces of this NAS, their addresses, and how it is found", printNetwork},
	{here, []string{"button", "press"}, "[-config FILE] [-hold 6s]", "press the simulated button", pressButton},
	{alone, []string{"login"}, "[-name NAME] [-scopes SCOPE,…] [-fingerprint SHA256] https://NAS:8001", "let this machine call a NAS, as its page allows it", login},
	{alone, []string{"logout"}, "NAME", "forget a NAS and its key", logout},
	{there, []string{"users", "list"}, "[-json]", "list the accounts", listUsers},
	{there, []string{"users", "show"}, "[-json] USER", "show an account", showUser},
	{there, []string{"groups"}, "[-json]", "list the groups and their members", printGroups},
	{there, []string{"health"}, "[-json]", "print what is wrong; 1 when it is bad", printHealth},
	{there, []string{"events"}, "[-n 50] [-follow] [-json]", "print the newest entries of the log, and those that come", printEvents},
	{there, []string{"settings"}, "[-json]", "print the name and the time zone", printSettings},
	{there, []string{"api"}, "METHOD /PATH [-d JSON|@FILE] [-json]", "call any operation of the API that a token may", callAPI},
	{there, []string{"access-token"}, "[-json]", "buy an access token of fifteen minutes and print it", printAccess},
	{alone, []string{"policy"}, "[-json]", "print every limit and why it is there", printPolicy},
	{alone, []string{"routes"}, "[-json]", "print every route and who may call it", printRoutes},
	{alone, []string{"internal", "verify"}, "FILE", "", verify},
}

func printVersion(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "castellan %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return err
}

func checkConfig(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	file, err := config.Load(*c.config)
	if err != nil {
		return err
	}
	verdict := "The config file is good."
	if _, err := os.Stat(config.Path); *c.config == "" && err != nil {
		verdict = "There is no config file at " + config.Path + ". These are the built-in values:"
	}
	_, err = fmt.Fprintf(c.out, verdict+"\n  data    %s\n  key     %s\n  socket  %s\n  https   %s\n  http    %s\n  button  %s\n",
		file.Data, file.KeyFolder(), file.Socket, file.Web.HTTPS, file.Web.HTTP, file.Button.Source)
	return err
}

func defaultPassword(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	var answer api.DefaultPassword
	if err := c.ask("GET", "/local/default-password", nil, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "user      %s\npassword  %s\n", answer.Name, answer.Password)
	return err
}

func recoverAccount(c *call) error {
	if err := c.parse(1); err != nil {
		return err
	}
	var answer api.TemporaryPassword
	if err := c.ask("POST", "/local/recover", api.AccountName{Name: c.args[0]}, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "user      %s\npassword  %s\n\nIt works for %d hours and has to be replaced at the next sign-in. 2-step verification is off.\nNo address is blocked any more, and the pauses of addresses have ended.\n",
		answer.User.Name, answer.Password, answer.ExpiresIn/3600)
	return err
}

func pressButton(c *call) error {
	hold := c.flags.Duration("hold", 200*time.Millisecond, "how long to hold it, such as 500ms or 6s")
	if err := c.parse(0); err != nil {
		return err
	}
	if *hold <= 0 || *hold > time.Minute {
		return misused("the button can be held for up to 1m, such as -hold 6s")
	}
	var answer api.PressOutcome
	if err := c.ask("POST", "/local/button", api.Press{HoldMs: int(hold.Milliseconds())}, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "held %v: %s\n", *hold, answer.Words)
	return err
}

func printPolicy(c *call) error {
	asJSON := c.flags.Bool("json", false, "print JSON")
	if err := c.parse(0); err != nil {
		return err
	}
	if *asJSON {
		return printJSON(c.out, daemon.Policy())
	}
	for _, r := range daemon.Policy() {
		if _, err := fmt.Fprintf(c.out, "%s: %s\n    counted per %s, ended by %s. %s\n", r.Name, r.Value, r.Scope, r.Cleared, r.Reason); err != nil {
			return err
		}
	}
	return nil
}

// route is a row of the table of routes.
type route struct {
	Method     string `json:"method"`
	Path       string `json:"path"`
	Operation  string `json:"operation"`
	Access     string `json:"access"`
	StepUp     bool   `json:"step_up"`
	Background bool   `json:"background"`
	Unclaimed  bool   `json:"unclaimed"`
}

func printRoutes(c *call) error {
	asJSON := c.flags.Bool("json", false, "print JSON")
	if err := c.parse(0); err != nil {
		return err
	}
	var rows []route
	for _, op := range httpapi.Operations() {
		rows = append(rows, route{op.Method, httpapi.Base + op.Path, op.ID, op.Access.String(), op.StepUp, op.Background, op.Unclaimed})
	}
	if *asJSON {
		return printJSON(c.out, rows)
	}
	for _, r := range rows {
		stepUp := map[bool]string{true: ", step-up"}[r.StepUp]
		if _, err := fmt.Fprintf(c.out, "%-6s %-50s %s%s\n", r.Method, r.Path, r.Access, stepUp); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
