package network

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Unread: NetworkManager tells of every interface that it manages.
func (*nm) Unread(context.Context) ([]string, error) { return nil, nil }

// RestoreAbsent changes the profiles of cards that are not there.
func (m *nm) RestoreAbsent(ctx context.Context) error {
	s, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := s.look()
	if err != nil {
		return err
	}
	var failed error
	for _, one := range p.profiles {
		name := get[string](one.profile, "connection", "interface-name")
		if name == "" || get[string](one.profile, "connection", "type") != wired || !one.lasting() || one.waits() || one.port() || one.flags&external != 0 {
			continue
		}
		want := AutomaticSetting(name)
		if _, err := net.InterfaceByName(name); err == nil || alike(one.setting(name), want) {
			continue
		}
		if err := s.update(one, one.with(want), toDisk); err != nil {
			failed = errors.Join(failed, fmt.Errorf("restore automatic addresses of %s, which is not there: %w", name, err))
		}
	}
	return failed
}
