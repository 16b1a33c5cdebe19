package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"castellan/internal/atomicfile"
)

// noteFile is where a change that waits is noted, in the folder of the Config.
const noteFile = "network-change.json"

// note is what the next start must know of a change that was not ended.
type note struct {
	Kind    Kind    `json:"kind"` // of the service that made it
	By      string  `json:"by"`
	Setting Setting `json:"setting"`
	// Keeping: it was confirmed, and the service is saving it.
	Keeping bool `json:"keeping"`
	// Restoring: it has all interfaces ask for addresses. Nobody waits for news of it.
	Restoring bool `json:"restoring"`
}

func (n *Network) notePath() string { return filepath.Join(n.config.Folder, noteFile) }

// write puts a note on the disk.
func (n *Network) write(v note) error {
	text, err := json.Marshal(v)
	if err == nil {
		err = atomicfile.Write(n.notePath(), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("note a change of the network: %w", err)
	}
	return nil
}

// erase removes the note. One that stays has the next start look for a change that is not there, which does no harm.
func (n *Network) erase() {
	err := os.Remove(n.notePath())
	if err == nil {
		err = atomicfile.SyncDir(n.config.Folder)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.config.Out.Warn("remove the note of a change of the network", "err", err)
	}
}

// recall reads the note of a former run, once. What it tells of is to go back; one that cannot be read is worth nothing, as it
// was never half. The caller has the turn.
func (n *Network) recall() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.recalled || n.config.Alone {
		return
	}
	n.recalled = true
	text, err := os.ReadFile(n.notePath())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var v note
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		n.config.Out.Error("read the note of a change of the network", "err", err)
		return
	}
	n.change = &trial{note: v, begun: true, end: n.config.Elapsed(), since: n.config.Elapsed(), reason: "The NAS, or Castellan on it, was started again before the change was confirmed."}
}
