package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"strings"
)

// place is where a command works.
type place uint8

const (
	here  place = 1 << iota // on the NAS itself, with its config file: over the Unix socket, or alone
	there                   // on a NAS that is named with -c
	alone                   // wherever it is typed, without any NAS of this machine
	both  = here | there
)

// command is one thing that can be done from the command line.
type command struct {
	place place
	words []string // as they are typed
	usage string   // what follows them
	short string   // what it does
	do    func(*call) error
}

// String is what is typed.
func (c command) String() string {
	words := strings.Join(c.words, " ")
	if c.place == there {
		return "-c NAME " + words
	}
	return words
}

// call is a command that was typed, with its flags and where its output goes.
type call struct {
	typed   command
	flags   *flag.FlagSet
	config  *string
	nas     *string  // by its name here; empty: the one this runs on
	reached *remote  // the NAS of -c, once it was asked
	args    []string // after the command and its flags, in any order
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

// chosen takes the name of a NAS from before the command.
func chosen(args []string) (nas string, rest []string) {
	if len(args) == 0 {
		return "", args
	}
	switch name, value, given := strings.Cut(args[0], "="); {
	case name != "-c" && name != "--c":
		return "", args
	case given:
		return value, args[1:]
	case len(args) == 1:
		return "", args
	default:
		return args[1], args[2:]
	}
}

// begin returns the call of a command.
func (c command) begin(nas string, args []string, out, errOut io.Writer) *call {
	call := &call{typed: c, flags: flag.NewFlagSet(c.String(), flag.ContinueOnError), args: args, nas: &nas, in: os.Stdin, out: harmless(out), err: errOut}
	call.flags.SetOutput(io.Discard)
	call.flags.Usage = func() {} // parse says what is wrong
	if c.place&here != 0 {
		call.config = call.flags.String("config", os.Getenv("CASTELLAN_CONFIG"), "the config `FILE` of the NAS that this runs on")
	}
	if c.place&there != 0 {
		call.flags.StringVar(call.nas, "c", nas, "the `NAME` of a NAS that castellan login was done for")
	}
	return call
}

// parse reads the flags of a command, before or after its arguments, of which there must be exactly want.
func (c *call) parse(want int) error {
	var rest []string
	for args := c.args; ; {
		err := c.flags.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			c.help()
			return err
		case err != nil:
			return misused("%w. castellan help %s says which there are", err, strings.Join(c.typed.words, " "))
		}
		if c.flags.NArg() == 0 {
			break
		}
		rest = append(rest, c.flags.Arg(0))
		args = c.flags.Args()[1:]
	}
	if c.args = rest; len(rest) != want {
		return errUsage
	}
	return nil
}

// jsonFlag adds the flag of commands that print what the API says.
func (c *call) jsonFlag() *bool {
	return c.flags.Bool("json", false, "print JSON, as the API gives it")
}
