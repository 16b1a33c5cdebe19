package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"castellan/internal/config"
)

// errUsage ends the program with the usage.
var errUsage = errors.New("usage")

// misuse ends the program with 2: what was typed is not understood, and nothing was done.
type misuse struct{ error }

func misused(form string, args ...any) error { return misuse{fmt.Errorf(form, args...)} }

func (m misuse) Unwrap() error { return m.error }

// find returns the command that the arguments begin with, and what follows it.
func find(args []string) (*command, []string) {
	for i, c := range commands {
		if len(args) >= len(c.words) && slices.Equal(args[:len(c.words)], c.words) {
			return &commands[i], args[len(c.words):]
		}
	}
	return nil, args
}

// unheard says why arguments are no command.
func unheard(nas string, args []string) string {
	switch {
	case len(args) == 0:
		return fmt.Sprintf("-c %s wants a command, such as castellan -c %[1]s health. castellan help lists them", nas)
	case args[0] == "-c":
		return "-c wants the name of a NAS, and a command"
	}
	var next []string
	for _, c := range commands {
		if c.words[0] == args[0] && c.short != "" {
			next = append(next, c.words[1])
		}
	}
	if len(next) > 0 {
		return fmt.Sprintf("%s goes on with %s. castellan help %s says what each does", args[0], strings.Join(next, " or "), args[0])
	}
	return fmt.Sprintf("there is no command %q. castellan help lists them", args[0])
}

// help prints all commands, or those that begin with some words.
func help(words []string, out, errOut io.Writer) int {
	if len(words) == 0 {
		helpAll(out)
		return 0
	}
	found := false
	for i := range commands {
		c := &commands[i]
		if c.short == "" || len(words) > len(c.words) || !slices.Equal(c.words[:len(words)], words) {
			continue
		}
		if found {
			_, _ = fmt.Fprintln(out)
		}
		found = true
		_ = c.do(c.begin("", []string{"-h"}, out, errOut)) // prints it and does nothing
	}
	if !found {
		_, _ = fmt.Fprintf(errOut, "castellan: %s\n", unheard("", words))
		return 2
	}
	return 0
}

// help prints how the command of a call is typed, what it does, and its flags.
func (c *call) help() {
	_, _ = fmt.Fprintf(c.out, "castellan %s\n\n%s%s.\n", strings.TrimSpace(c.typed.String()+" "+c.typed.usage), strings.ToUpper(c.typed.short[:1]), c.typed.short[1:])
	flags := false
	c.flags.VisitAll(func(*flag.Flag) { flags = true })
	if flags {
		_, _ = fmt.Fprintln(c.out)
		c.flags.SetOutput(c.out)
		c.flags.PrintDefaults()
	}
}

func helpAll(w io.Writer) {
	_, _ = fmt.Fprintln(w, "Castellan, the admin daemon of a NAS.")
	_, _ = fmt.Fprintln(w)
	for _, c := range commands {
		if c.short != "" && c.place&^there != 0 {
			_, _ = fmt.Fprintf(w, "  castellan %-18s %s\n", strings.Join(c.words, " "), c.short)
		}
	}
	_, _ = fmt.Fprintf(w, "  castellan %-18s %s\n\nOn a NAS that castellan login was done for:\n\n", "help COMMAND", "say more of a command")
	for _, c := range commands {
		if c.place&there != 0 {
			_, _ = fmt.Fprintf(w, "  castellan -c NAME %-13s %s\n", strings.Join(c.words, " "), c.short)
		}
	}
	_, _ = fmt.Fprintf(w, "\nThe config file of the NAS is %s unless -config or CASTELLAN_CONFIG says otherwise.\n", config.Path)
}
