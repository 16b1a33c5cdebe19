package daemon

import (
	"strconv"

	"castellan/internal/box/announce"
	"castellan/internal/box/network"
	"castellan/internal/config"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// joinNetwork builds the rooms that know the network and have the box found there.
func (h *house) joinNetwork() {
	h.network = network.New(network.Config{
		Alone: h.File.Network.Service == config.NoNetwork, Folder: h.File.Data, Elapsed: h.Elapsed, Ended: h.changeEnded, Moved: h.moved, Out: h.Out,
	})
	h.announcer = announce.New(announce.Config{Changed: h.rename, Out: h.Out})
}

// moved takes in that addresses of the box may be others than before.
func (h *house) moved() {
	h.links.Forget()
	h.rename()
}

// rename has everything follow the names and addresses of the box: its certificate and how it is found.
func (h *house) rename() {
	select {
	case h.renamed <- struct{}{}:
	default:
	}
}

// follow brings the certificate, the announcement and the name of the system in step with the names and addresses of the box. Host names and addresses
// that are served, and links in mails, are looked up each time.
func (h *house) follow() {
	if err := h.certify(); err != nil {
		h.Out.Error("renew certificate", "err", err)
	}
	w := h.announced()
	h.announcer.Use(w)
	if h.named != "" && h.named != w.Name {
		h.network.SetHostName(w.Name)
	}
	h.named = w.Name
}

// announced is what of the box is announced. One in need of recovery is as well, by the name that its certificate stands for: its
// owner has to find it.
func (h *house) announced() announce.What {
	w := announce.What{On: h.File.Network.Service != config.NoNetwork, Name: settings.Default().NASName, Addresses: h.links.Lasting()}
	w.Port, _ = strconv.Atoi(h.api.HTTPSPort)
	if h.db == nil {
		return w
	}
	err := h.db.View(func(tx *store.Tx) error {
		s, err := settings.Get(tx)
		if err != nil {
			return err
		}
		w.Name = s.NASName
		n, err := settings.GetNetwork(tx)
		w.On = w.On && n.Announced
		return err
	})
	if err != nil {
		h.Out.Error("read by which name the NAS is found", "err", err)
	}
	return w
}

// waitingChange returns the change of the network that waits to be confirmed.
func (h *house) waitingChange() (network.Change, bool) {
	c, ok := h.network.Change()
	return c, ok && c.Outcome == network.Waiting
}

// changeEnded records that a change of the network went back by itself. One that was kept is recorded where it was confirmed.
func (h *house) changeEnded(c network.Change) {
	if c.Outcome == network.WentBack {
		h.record(event.Event{Kind: event.NetworkWentBack, Actor: c.By}.With("interface", c.Interface).With("reason", c.Reason))
	}
}
