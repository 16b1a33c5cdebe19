package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"castellan/internal/event"
	"castellan/internal/httpapi/api"
)

// errBroken ends the program with 1 when the log is not as it was written.
var errBroken = errors.New("the log was changed behind the back of Castellan")

func printLog(c *call) error {
	n := c.flags.Int("n", 50, "print so `MANY`, up to 10000")
	asJSON := c.flags.Bool("json", false, "print one JSON object a line, as SECURITY.md describes it")
	if err := c.parse(0); err != nil {
		return err
	}
	if *n < 0 || *n > eventsMost {
		return misused("-n is from 0 to %d", eventsMost)
	}
	return c.read("/local/log?limit="+strconv.Itoa(*n), func(lines io.Reader) error {
		if *asJSON {
			_, err := io.Copy(c.out, lines)
			return err
		}
		for scan := bufio.NewScanner(lines); scan.Scan(); {
			e, message, err := event.ReadLine(scan.Bytes())
			if err != nil {
				return fmt.Errorf("read entry: %w", err)
			}
			who := strings.Join(strings.Fields(e.Actor+" "+e.Address), " ")
			if _, err := fmt.Fprintf(c.out, "%6d  %s  %-24s  %s\n", e.Number, e.Time.Format(time.DateTime), who, message); err != nil {
				return err
			}
		}
		return nil
	})
}

func verifyLog(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	var answer api.LogCheck
	if err := c.ask("GET", "/local/log/check", nil, &answer); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.out, answer.Detail); err != nil || answer.Intact {
		return err
	}
	return errBroken
}
