package realtest

import (
	"runtime"
	"strings"
)

// Standing counts the goroutines whose stacks have all of these texts: those that wait at a lock say so nowhere else.
func Standing(texts ...string) (n int) {
	stacks := make([]byte, 8<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
next:
	for one := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, text := range texts {
			if !strings.Contains(one, text) {
				continue next
			}
		}
		n++
	}
	return n
}
