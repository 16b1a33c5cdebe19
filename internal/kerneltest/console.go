//go:build kernel && linux

package kerneltest

import (
	"strings"
	"sync"
)

// consoleMost bounds what is kept of a console; a program that prints more loses its newest text.
const consoleMost = 8 << 20

// console collects what a machine prints, and wakes those who wait for more.
type console struct {
	mu    sync.Mutex
	bytes []byte
	more  chan struct{} // closed, and made anew, with every write
}

func newConsole() *console {
	return &console{more: make(chan struct{})}
}

// Write never fails: a machine is not to be held up by its console.
func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes = append(c.bytes, b[:min(len(b), consoleMost-len(c.bytes))]...)
	close(c.more)
	c.more = make(chan struct{})
	return len(b), nil
}

// news returns a channel that is closed with the next write. Ask for it before looking at the text.
func (c *console) news() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.more
}

// text is the console's content with plain line ends.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.ReplaceAll(string(c.bytes), "\r\n", "\n")
}
