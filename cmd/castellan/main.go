// Castellan is the admin daemon of a NAS, and the command line that talks to it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// version and built are set by the linker; see the Makefile.
var (
	version = "0.1.0-dev"
	built   = "2026-11-22T00:00:00Z"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run does what the arguments say and returns the exit code: 0 done, 1 not done, 2 not understood.
func run(args []string, out, errOut io.Writer) int {
	nas, args := chosen(args)
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		return help(args[1:], out, errOut)
	}
	c, rest := find(args)
	switch {
	case len(args) == 0 && nas == "":
		return help(nil, out, errOut)
	case c == nil:
		_, _ = fmt.Fprintf(errOut, "castellan: %s\n", unheard(nas, args))
		return 2
	case c.place&there == 0 && nas != "":
		_, _ = fmt.Fprintf(errOut, "castellan: %s takes no -c. It works on the machine where it is typed.\n", c)
		return 2
	}
	var misused misuse
	switch err := c.do(c.begin(nas, rest, out, errOut)); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintf(errOut, "usage: castellan %s %s\n", c, c.usage)
		return 2
	case errors.As(err, &misused):
		_, _ = fmt.Fprintf(&terminal{Writer: errOut}, "castellan: %v\n", err)
		return 2
	default:
		_, _ = fmt.Fprintf(&terminal{Writer: errOut}, "castellan: %v\n", err)
		return exitCode(err)
	}
}
