package clock

import (
	"context"
	"net"
)

// MayName is for tests.
func MayName(s Source, address net.Addr) bool { return s.mayName(address) }

// Ask is for tests: it asks as Sync does, however short a while ago that was.
func (k *Clock) Ask(ctx context.Context) { k.await(ctx, 0) }
