package daemon

import (
	"slices"
	"strconv"
	"strings"

	"castellan/internal/box/announce"
	"castellan/internal/box/certificate"
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
	w, err := h.announced()
	if err != nil {
		h.Out.Error("read by which name the NAS is found", "err", err) // it stays the one that it was
		return
	}
	h.announcer.Use(w)
	if h.named != "" && h.named != w.Name {
		h.network.SetHostName(w.Name)
	}
	h.named = w.Name
}

// names are those for which the certificate has to stand: chosen by the owner or the integrator, and given by the network. What an interface has while
// an administrator tries settings of it, and as long after that, counts as chosen.
func (h *house) names() (chosen, given certificate.Names) {
	hosts, addresses := h.called()
	found := h.announcer.Status().Host
	for i, host := range hosts {
		if i > 0 && host == found && !strings.EqualFold(found, hosts[0]+".local") {
			given.Hosts = append(given.Hosts, host) // another machine has the name
		} else {
			chosen.Hosts = append(chosen.Hosts, host)
		}
	}
	if c, ok := h.waitingChange(); ok {
		h.tried.name, h.tried.until = c.Interface, h.Elapsed()+c.Left+network.TryTime
	}
	chosen.Addresses, given.Addresses = append(addresses, h.links.Chosen()...), h.links.Lasting()
	if h.tried.name != "" && h.Elapsed() < h.tried.until {
		for _, a := range h.network.At(h.tried.name) {
			if slices.Contains(given.Addresses, a) {
				chosen.Addresses = append(chosen.Addresses, a)
			}
		}
	}
	return chosen, given
}

// announced is what of the box is announced. One in need of recovery, whose name is not known, is announced by that of a new one: its
// owner has to find it.
func (h *house) announced() (announce.What, error) {
	w := announce.What{On: h.File.Network.Service != config.NoNetwork, Name: settings.Default().NASName, Addresses: h.links.Callable()}
	w.Port, _ = strconv.Atoi(h.api.HTTPSPort)
	if h.db == nil {
		return w, nil
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
	return w, err
}

// calledAs is how the box is found, or why it is not.
func (h *house) calledAs() announce.Status {
	s := h.announcer.Status()
	if h.File.Network.Service == config.NoNetwork {
		s.Trouble = "The config file of this NAS leaves its network alone, so it is not announced."
	}
	return s
}

// waitingChange returns the change of the network that waits to be confirmed.
func (h *house) waitingChange() (network.Change, bool) {
	c, ok := h.network.Change()
	return c, ok && c.Outcome == network.Waiting
}

// changeEnded records how a change of the network ended that nobody has just confirmed. One that was confirmed in a former run is recorded
// as kept, once more where that run had come so far.
func (h *house) changeEnded(c network.Change) {
	about := func(k event.Kind, actor string) event.Event {
		return event.Event{Kind: k, Actor: actor}.With("interface", c.Interface).With("account", c.By)
	}
	switch {
	case c.Outcome == network.WentBack:
		h.record(about(event.NetworkWentBack, c.Undone).With("reason", c.Reason))
	case h.db == nil:
	default:
		if err := h.reset.KeepNetwork(about(event.NetworkKept, c.By).With("at", "its new address before a start").With("settings", c.String())); err != nil {
			h.Out.Error("record a change of the network that was kept", "err", err)
		}
	}
}
