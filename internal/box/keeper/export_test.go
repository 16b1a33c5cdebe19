package keeper

import "time"

// Pause is for tests.
func (k *Keeper) Pause(turning bool) time.Duration { return k.pause(turning) }
