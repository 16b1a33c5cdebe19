package daemon

import "castellan/internal/box/network"

// waitingChange returns the change of the network that waits to be confirmed.
func (h *house) waitingChange() (network.Change, bool) {
	c, ok := h.network.Change()
	return c, ok && c.Outcome == network.Waiting
}
