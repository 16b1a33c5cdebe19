package network

import (
	"context"
	"time"
)

// hostnameTime bounds how long the system may take for its name. It starts a service for that, which takes seconds on a slow box.
const hostnameTime = 25 * time.Second

// SetHostName has Run give the system this name, so that DHCP servers and mDNS know the box by it, where the system lets it. It waits for
// nothing, and nothing comes of it where the system has no service for that.
func (n *Network) SetHostName(name string) {
	if n.config.Alone {
		return
	}
	n.mu.Lock()
	n.name = name
	n.mu.Unlock()
	select {
	case n.called <- struct{}{}:
	default:
	}
}

// tellNames gives the system the names that SetHostName asks for, until the context ends.
func (n *Network) tellNames(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.called:
		}
		n.mu.Lock()
		name := n.name
		n.mu.Unlock()
		if err := n.tellName(ctx, name); err != nil {
			n.config.Out.Info("give the system the name of the NAS", "err", err)
		}
	}
}

// tellName gives the system a name, without asking anybody at the box for a password.
func (n *Network) tellName(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, hostnameTime)
	defer cancel()
	bus, err := connect(ctx, n.config.Bus)
	if err != nil {
		return err
	}
	defer func() { _ = bus.Close() }()
	const interactive = false
	return bus.Object("org.freedesktop.hostname1", "/org/freedesktop/hostname1").
		CallWithContext(ctx, "org.freedesktop.hostname1.SetStaticHostname", 0, name, interactive).Err
}
