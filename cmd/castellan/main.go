// Castellan is the admin daemon of a NAS, and the command line that talks to it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// version and built are set by the linker; see the Makefile.
var (
	version = "0.1.0-dev"
	built   = "2026-11-22T00:00:00Z"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// command is one thing that can be done from the command line.
type command struct {
	words []string // as they are typed
	usage string   // what follows them
	short string   // what it does
	do    func(*call) error
}

// call is a command that was typed, with its flags and where its output goes.
type call struct {
	flags  *flag.FlagSet
	config *string
	args   []string // after the command and its flags, in any order
	out    io.Writer
	err    io.Writer
}

// errUsage ends the program with the usage.
var errUsage = errors.New("usage")

// run does what the arguments say and returns the exit code: 0 done, 1 not done, 2 not understood.
func run(args []string, out, errOut io.Writer) int {
	for _, c := range commands {
		if len(args) < len(c.words) || !slices.Equal(args[:len(c.words)], c.words) {
			continue
		}
		call := &call{flags: flag.NewFlagSet(strings.Join(c.words, " "), flag.ContinueOnError), out: out, err: errOut}
		call.flags.SetOutput(errOut)
		call.config = call.flags.String("config", os.Getenv("CASTELLAN_CONFIG"), "config `file`")
		call.args = args[len(c.words):]
		switch err := c.do(call); {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errUsage):
			_, _ = fmt.Fprintf(errOut, "usage: castellan %s %s\n", strings.Join(c.words, " "), c.usage)
			return 2
		default:
			_, _ = fmt.Fprintf(errOut, "castellan: %v\n", err)
			return exitCode(err)
		}
	}
	if len(args) > 0 && args[0] != "help" && args[0] != "-h" && args[0] != "--help" {
		_, _ = fmt.Fprintf(errOut, "castellan: there is no command %q\n", args[0])
		help(errOut)
		return 2
	}
	help(out)
	return 0
}

// builtAt returns when the program was built.
func builtAt() time.Time {
	t, err := time.Parse(time.RFC3339, built)
	if err != nil {
		panic("the linker was given a bad build time: " + built)
	}
	return t
}
