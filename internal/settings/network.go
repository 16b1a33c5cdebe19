package settings

import "castellan/internal/store"

// Network is what the owner decided about how the box is found. How its interfaces come by their addresses is kept by the
// system's own network service.
type Network struct {
	Announced bool // by its name on the local network
}

// Found is the name of the choice in the log.
const Found = "Being found on the local network"

type networkRecord struct {
	Hidden bool `json:"hidden,omitempty"`
}

var networks = store.NewTable[networkRecord]("network")

// GetNetwork returns what the owner decided. A box whose owner decided nothing is announced: somebody has to find it.
func GetNetwork(tx *store.Tx) (Network, error) {
	r, _, err := networks.Get(tx, key)
	return Network{Announced: !r.Hidden}, err
}

// PutNetwork stores what the owner decided.
func PutNetwork(tx *store.Tx, n Network) error {
	return networks.Put(tx, key, networkRecord{Hidden: !n.Announced})
}

// ResetNetwork forgets what the owner decided.
func ResetNetwork(tx *store.Tx) error { return networks.Delete(tx, key) }
