package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"castellan/internal/access/account"
	"castellan/internal/box/announce"
	"castellan/internal/box/clock"
	"castellan/internal/box/network"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Network is the network of the house.
type Network struct {
	*network.Network
	Announced func() announce.Status // by which name the box is found
}

func (h *handlers) GetNetwork(ctx context.Context, _ api.GetNetworkRequestObject) (api.GetNetworkResponseObject, error) {
	v, err := h.network(ctx)
	return api.GetNetwork200JSONResponse(v), err
}

func (h *handlers) LocalGetNetwork(ctx context.Context, _ api.LocalGetNetworkRequestObject) (api.LocalGetNetworkResponseObject, error) {
	v, err := h.network(ctx)
	return api.LocalGetNetwork200JSONResponse(v), err
}

func (h *handlers) GetNetworkChange(context.Context, api.GetNetworkChangeRequestObject) (api.GetNetworkChangeResponseObject, error) {
	return api.GetNetworkChange200JSONResponse(h.networkChange()), nil
}

// ChangeNetwork records who tries what before anything changes: nobody may be able to tell afterwards.
func (h *handlers) ChangeNetwork(ctx context.Context, r api.ChangeNetworkRequestObject) (api.ChangeNetworkResponseObject, error) {
	wish, err := interfaceWish(*r.Body)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	e := who.event(event.NetworkTried).With("interface", wish.Interface).With("for", clock.Words(network.TryTime)).With("settings", wish.String())
	t, err := h.Network.Try(ctx, wish, who.account.Name, func() error {
		return h.change(ctx, func(tx *store.Tx) error { return h.Log.Record(tx, e) })
	})
	if err != nil {
		return nil, err
	}
	return api.ChangeNetwork200JSONResponse{Change: h.changeView(t.Change), Token: t.Token, Warning: t.Warning}, nil
}

// UndoNetworkChange is recorded like every end of a change, with the name of the caller.
func (h *handlers) UndoNetworkChange(ctx context.Context, _ api.UndoNetworkChangeRequestObject) (api.UndoNetworkChangeResponseObject, error) {
	c, err := h.Network.GoBack(ctx, callerOf(ctx).account.Name, func() error { return h.still(ctx) })
	return api.UndoNetworkChange200JSONResponse(h.changeView(c)), err
}

// ConfirmNetwork keeps a change. Whoever confirms it need not be signed in; the event names who had asked for it.
func (h *handlers) ConfirmNetwork(ctx context.Context, r api.ConfirmNetworkRequestObject) (api.ConfirmNetworkResponseObject, error) {
	c, err := h.Network.Confirm(ctx, r.Body.Token, reachedAt(ctx), h.kept(ctx))
	return api.ConfirmNetwork200JSONResponse{Interface: c.Interface}, err
}

func (h *handlers) KeepNetworkChange(ctx context.Context, _ api.KeepNetworkChangeRequestObject) (api.KeepNetworkChangeResponseObject, error) {
	c, err := h.Network.Keep(ctx, reachedAt(ctx), func() error { return h.still(ctx) }, h.kept(ctx))
	return api.KeepNetworkChange200JSONResponse{Interface: c.Interface}, err
}

// kept records that the caller keeps a change.
func (h *handlers) kept(ctx context.Context) func(network.Change) {
	e := callerOf(ctx).event(event.NetworkKept)
	e.Actor = cmp.Or(e.Actor, h.signedIn(ctx))
	return func(c network.Change) {
		e := e.With("interface", c.Interface).With("account", c.By).With("at", reachedAt(ctx).String()).With("settings", c.String())
		if err := h.Reset.KeepNetwork(e); err != nil {
			h.Out.Error("record a change of the network that was kept", "err", err) // it is kept all the same
		}
	}
}

// signedIn names whose session came with a call that wants none; "": nobody's.
func (h *handlers) signedIn(ctx context.Context) (name string) {
	s, _, ok := h.Sessions.Find(callerOf(ctx).visitor.Session, false)
	if !ok {
		return ""
	}
	_ = h.DB.View(func(tx *store.Tx) error { // a name for the log only
		a, err := account.Get(tx, s.Account)
		name = a.Name
		return err
	})
	return name
}

// reachedAt is the address of the box at which a request came in; over the local socket it is none.
func reachedAt(ctx context.Context) netip.Addr {
	local, ok := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return local.AddrPort().Addr().Unmap().WithZone("")
}

func (h *handlers) ChangeAnnouncement(ctx context.Context, r api.ChangeAnnouncementRequestObject) (api.ChangeAnnouncementResponseObject, error) {
	err := h.change(ctx, func(tx *store.Tx) error {
		before, err := settings.GetNetwork(tx)
		if err != nil {
			return err
		}
		after := settings.Network{Announced: r.Body.Enabled}
		if err := settings.PutNetwork(tx, after); err != nil {
			return err
		}
		tx.OnCommit(h.Renamed)
		words := map[bool]string{true: "on", false: "off"}
		return h.recordSettings(ctx, tx, setting{settings.Found, words[before.Announced], words[after.Announced]})
	})
	if err != nil {
		return nil, err
	}
	v, err := h.network(ctx)
	return api.ChangeAnnouncement200JSONResponse(v), err
}

// LocalRestoreNetwork is recorded before anything changes, like every change of the network, and stands above the record: a disk that is
// full or broken must not keep the owner out, nor a database in need of recovery.
func (h *handlers) LocalRestoreNetwork(ctx context.Context, _ api.LocalRestoreNetworkRequestObject) (api.LocalRestoreNetworkResponseObject, error) {
	if h.DB != nil {
		err := h.DB.Update(func(tx *store.Tx) error {
			return h.Log.Record(tx, event.Event{Kind: event.NetworkAutomatic, Actor: "root"})
		})
		if err != nil {
			h.Out.Error("restore automatic addresses without a record of it", "err", err)
		}
	}
	// Whoever asked over a connection that ends by it is to have what they asked for.
	done, err := h.Network.RestoreAutomatic(context.WithoutCancel(ctx))
	if err == nil && !done {
		err = h.Network.Unserved()
	}
	if err != nil {
		return nil, err
	}
	v, err := h.network(ctx)
	return api.LocalRestoreNetwork200JSONResponse(v), err
}

// interfaceWish reads what somebody wants of an interface. What cannot be read as an address is a wrong field.
func interfaceWish(b api.InterfaceSettings) (s network.Setting, err error) {
	var wrong []fault.Field
	address := func(field, text, message string) (a netip.Addr) {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			wrong = append(wrong, fault.Field{Name: field, Code: "malformed", Message: message})
			return netip.Addr{}
		}
		return a.Unmap()
	}
	family := func(name, kind, example string, f api.FamilySettings) network.Family {
		v := network.Family{Method: network.Method(f.Method)}
		if v.Method != network.Manual {
			return v
		}
		if a := address(name+".address", value(f.Address), "This is no "+kind+" address. It looks like "+example+"."); a.IsValid() {
			v.Address = netip.PrefixFrom(a, value(f.Prefix))
		}
		if g := value(f.Gateway); g != "" {
			v.Gateway = address(name+".gateway", g, "The address of the router, or nothing.")
		}
		return v
	}
	s = network.Setting{Interface: b.Interface, Search: b.Search, MTU: b.Mtu}
	s.IPv4, s.IPv6 = family("ipv4", "IPv4", "192.168.1.20", b.Ipv4), family("ipv6", "IPv6", "2001:db8::20", b.Ipv6)
	for i, text := range b.Dns {
		s.DNS = append(s.DNS, address(fmt.Sprintf("dns.%d", i), text, "The address of a DNS server."))
	}
	if wrong != nil {
		return s, fault.InvalidFields(wrong...)
	}
	return s, nil
}

// network is what there is to see.
func (h *handlers) network(ctx context.Context) (api.Network, error) {
	announcement, err := h.announcement()
	if err != nil {
		return api.Network{}, err
	}
	p := h.Network.Look(ctx)
	v := api.Network{
		Service: api.NetworkServiceKind(p.Kind), Trouble: p.Trouble, NasName: h.settings().NASName, Interfaces: []api.Interface{},
		Dns: texts(p.DNS), Search: append([]string{}, p.Search...), Change: h.networkChange(), Announcement: announcement,
	}
	for _, c := range p.Cards {
		i := api.Interface{
			Name: c.Name, Type: api.InterfaceType(c.Type), Mac: c.MAC, Up: c.Up, Carrier: c.Carrier, Speed: c.Speed, Mtu: c.MTU,
			Addresses: []api.InterfaceAddress{}, Gateways: texts(c.Gateways),
		}
		for _, a := range c.Addresses {
			i.Addresses = append(i.Addresses, api.InterfaceAddress{
				Address: a.Addr().String(), Prefix: a.Bits(), From: api.InterfaceAddressFrom(a.From), Temporary: a.Temporary, Duplicate: a.Duplicate,
			})
		}
		if s, ok := p.Settings[c.Name]; ok {
			settings := settingView(s)
			i.Settings = &settings
		}
		v.Interfaces = append(v.Interfaces, i)
	}
	return v, nil
}

// announcement is how the box is found. One in need of recovery is.
func (h *handlers) announcement() (v api.Announcement, err error) {
	chosen := settings.Network{Announced: true}
	if h.DB != nil {
		err = h.DB.View(func(tx *store.Tx) (err error) { chosen, err = settings.GetNetwork(tx); return err })
	}
	s := h.Network.Announced()
	return api.Announcement{Enabled: chosen.Announced, By: api.AnnouncementBy(s.By), Host: s.Host, Renamed: s.Renamed, Trouble: s.Trouble}, err
}

func settingView(s network.Setting) api.InterfaceSettings {
	return api.InterfaceSettings{
		Interface: s.Interface, Ipv4: familyView(s.IPv4), Ipv6: familyView(s.IPv6), Dns: texts(s.DNS), Search: append([]string{}, s.Search...), Mtu: s.MTU,
	}
}

func familyView(f network.Family) api.FamilySettings {
	v := api.FamilySettings{Method: api.AddressMethod(f.Method)}
	if f.Method == network.Manual {
		address, bits, gateway := f.Address.Addr().String(), f.Address.Bits(), ""
		if f.Gateway.IsValid() {
			gateway = f.Gateway.String()
		}
		v.Address, v.Prefix, v.Gateway = &address, &bits, &gateway
	}
	return v
}

func texts(all []netip.Addr) []string {
	list := make([]string, 0, len(all))
	for _, a := range all {
		list = append(list, a.String())
	}
	return list
}

func (h *handlers) networkChange() api.NetworkChange {
	c, ok := h.Network.Change()
	if !ok {
		return api.NetworkChange{State: api.ChangeNone, Urls: []string{}}
	}
	return h.changeView(c)
}

// changeView also says where the desktop is found by the settings of a change: at the addresses that it sets, at those that
// the interface has got since it asks for them, and by the name that is announced. Addresses that prove nothing are not among them.
func (h *handlers) changeView(c network.Change) api.NetworkChange {
	v := api.NetworkChange{State: api.NetworkChangeState(c.Outcome), Interface: c.Interface, By: c.By, ExpiresIn: seconds(c.Left), Reason: c.Reason, Urls: []string{}}
	add := func(host string) { v.Urls = append(v.Urls, "https://"+net.JoinHostPort(host, h.HTTPSPort)) }
	for _, f := range []network.Family{c.IPv4, c.IPv6} {
		if f.Method == network.Manual && c.Proves(f.Address.Addr().Is4()) {
			add(f.Address.Addr().String())
		}
	}
	for _, a := range h.Network.At(c.Interface) {
		f := c.IPv6
		if a.Is4() {
			f = c.IPv4
		}
		if f.Method == network.Automatic && c.Proves(a.Is4()) {
			add(a.String())
		}
	}
	if host := h.Network.Announced().Host; host != "" {
		add(host)
	}
	return v
}
