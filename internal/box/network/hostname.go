package network

import (
	"context"
	"time"
)

// hostnameTime bounds how long the system may take for its name.
const hostnameTime = 2 * time.Second

// SetHostName has Run give the system this name, so that DHCP servers and mDNS know the box by it, where the system lets it. It waits for
// nothing, and nothing comes of it where the system has no service for that.
func (n *Network) SetHostName(name string) {
	if n.config.Alone {
		return
	}
	n.mu.Lock()
	n.name = name
	n.mu.Unlock()
	n.rouse()
}

// tellName gives the system the name that SetHostName asked for.
func (n *Network) tellName(ctx context.Context) {
	n.mu.Lock()
	name := n.name
	n.name = ""
	n.mu.Unlock()
	if name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, hostnameTime)
	defer cancel()
	bus, err := connect(ctx, n.config.Bus)
	if err == nil {
		defer func() { _ = bus.Close() }()
		const interactive = false
		err = bus.Object("org.freedesktop.hostname1", "/org/freedesktop/hostname1").
			CallWithContext(ctx, "org.freedesktop.hostname1.SetStaticHostname", 0, name, interactive).Err
	}
	if err != nil {
		n.config.Out.Info("give the system the name of the NAS", "err", err)
	}
}
