// Bench measures a real Castellan in a process of its own and prints a table: how quickly it starts, what a
// sign-in costs, how many cheap calls it answers, and how much memory it takes. `make bench` runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

func main() {
	program := flag.String("program", "bin/castellan", "the `program` to measure")
	accounts := flag.Int("accounts", 200, "how many accounts sign in")
	many := flag.Int("many", 0, "measure a box with this many accounts and ten times as many events instead")
	flag.Parse()
	var err error
	if *many > 0 {
		fmt.Printf("| %-62s | value |\n|%s|---|\n", "measured", "----------------------------------------------------------------")
		err = crowded(*program, *many, 10**many)
	} else {
		err = measure(*program, *accounts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row prints a line of the table.
func row(what, value string) { fmt.Printf("| %-62s | %s |\n", what, value) }

func measure(program string, accounts int) error {
	box, err := newBox(program)
	if err != nil {
		return err
	}
	defer box.remove()
	fmt.Printf("| %-62s | value |\n|%s|---|\n", "measured", "----------------------------------------------------------------")
	if err := starts(box); err != nil {
		return err
	}
	if err := box.start(); err != nil {
		return err
	}
	defer box.stop()
	time.Sleep(2 * time.Second)
	row("RSS idle, claimed, 2 s after the start", box.rss())
	if err := pages(box); err != nil {
		return err
	}
	if err := cheapCalls(box); err != nil {
		return err
	}
	if err := machines(box); err != nil {
		return err
	}
	people, err := box.populate(accounts)
	if err != nil {
		return err
	}
	if err := signIns(box, people); err != nil {
		return err
	}
	for _, n := range []int{64, len(people)} {
		if err := crowd(box, people[:min(n, len(people))]); err != nil {
			return err
		}
	}
	time.Sleep(5 * time.Second)
	row("RSS 5 s after all that", box.rss())
	return nil
}

// starts measures the time from the start of the process to its first answer.
func starts(b *box) error {
	if err := b.start(); err != nil { // the first start makes keys, and is claimed
		return err
	}
	if err := b.claim(); err != nil {
		return err
	}
	b.stop()
	var took []time.Duration
	for range 15 {
		begin := time.Now()
		if err := b.start(); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
		b.stop()
	}
	row("start to first 200 (later start), p50 / worst of 15", fmt.Sprintf("%s / %s", quantile(took, 0.5), slices.Max(took).Round(100*time.Microsecond)))
	return nil
}

// quantile returns the value below which a share of the samples lie.
func quantile(samples []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	d := sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}

func spread(samples []time.Duration) string {
	return fmt.Sprintf("%s / %s", quantile(samples, 0.5), quantile(samples, 0.99))
}
