package network

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"castellan/internal/atomicfile"
)

// Unread names the interfaces that follow a file which Castellan may not read, such as those of netplan: its own file comes before it.
func (s *networkd) Unread(ctx context.Context) (names []string, err error) {
	links, err := s.links(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		v := s.state(l.Index)
		if l.Name == "lo" || v.file == "" || v.admin == "unmanaged" || !plainName.MatchString(l.Name) {
			continue
		}
		if _, err := s.unit(l.Name, v); err != nil {
			names = append(names, l.Name)
		}
	}
	return names, nil
}

// RestoreAbsent writes the kept files of interfaces anew that are not there: a card that is put back in does not come with the addresses of
// before.
func (s *networkd) RestoreAbsent(ctx context.Context) error {
	links, err := s.links(ctx)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(s.kept("*"))
	if err != nil {
		return fmt.Errorf("look for what was kept: %w", err)
	}
	prefix, suffix, _ := strings.Cut(filepath.Base(s.kept("*")), "*")
	changed := false
	var failed error
	for _, file := range files {
		card := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), prefix), suffix)
		if !plainName.MatchString(card) || slices.ContainsFunc(links, func(l managed) bool { return l.Name == card }) {
			continue
		}
		before, err := s.unit(card, linkState{file: "/" + keptFolder + "/" + filepath.Base(file)})
		if want := AutomaticSetting(card); err != nil || !alike(before.setting(card), want) {
			if err := atomicfile.Write(file, []byte(render(want, before)), 0o644); err != nil {
				failed = errors.Join(failed, fmt.Errorf("restore automatic addresses of %s, which is not there: %w", card, denied(err)))
				continue
			}
			changed = true
		}
	}
	if changed {
		if _, err := s.manager(ctx, "Reload"); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
