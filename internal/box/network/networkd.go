package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"castellan/internal/atomicfile"
	"castellan/internal/fault"
)

// The files of systemd-networkd that are Castellan's. The first file in the order of names that fits an interface has all the say
// (systemd.network(5)): what is tried comes before what was kept, and that before what integrators and distributions have.
// What is tried lies where a power cut forgets it. A plus sorts before all digits and letters.
const (
	triedFolder = "run/systemd/network"
	triedPrefix = "+castellan-0-try-"
	keptFolder  = "etc/systemd/network"
	keptPrefix  = "+castellan-1-"
	unitSuffix  = ".network"
	stateFolder = "run/systemd/netif/links" // one file a link, by its index (sd-network)
)

const (
	// configureTime is for how long it is waited whether an interface is set up or failed. What takes longer comes by itself: a DHCP
	// server that answers late, or a router of IPv6 that is not there, for which systemd-networkd waits 12 s.
	configureTime = time.Second
	// noticeTime is how long systemd-networkd may take to follow another file.
	noticeTime = 4 * time.Second
	pollEvery  = 50 * time.Millisecond
)

// plainName is what interfaces are called that files of systemd-networkd can name: no pattern, no white space.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.:@-]{1,15}$`)

// plainDomain is what may stand in such a file, whatever was let pass before.
var plainDomain = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,253}$`)

// networkd is systemd-networkd.
type networkd struct{ bus, root string }

func newNetworkd(bus, root string) *networkd { return &networkd{bus, root} }

func (s *networkd) tried(card string) string {
	return filepath.Join(s.root, triedFolder, triedPrefix+card+unitSuffix)
}

func (s *networkd) kept(card string) string {
	return filepath.Join(s.root, keptFolder, keptPrefix+card+unitSuffix)
}

// manager calls a method of systemd-networkd.
func (s *networkd) manager(ctx context.Context, method string) (*dbus.Call, error) {
	bus, err := connect(ctx, s.bus)
	if err != nil {
		return nil, fmt.Errorf("connect to the system's bus: %w", reason(errors.Join(ctx.Err(), err)))
	}
	defer func() { _ = bus.Close() }()
	call := bus.Object(networkdName, "/org/freedesktop/network1").CallWithContext(ctx, networkdName+".Manager."+method, dbus.FlagNoAutoStart)
	if call.Err != nil {
		return nil, fmt.Errorf("ask systemd-networkd (%s): %w", method, reason(call.Err))
	}
	return call, nil
}

// managed is an interface as systemd-networkd sees it.
type managed struct {
	Index int32
	Name  string
	Path  dbus.ObjectPath
}

// linkState is what it says of one: the file that it follows, and how far it is.
type linkState struct {
	file, drops, admin string
	carrier            bool
}

// links lists the interfaces. That systemd-networkd answers is seen by that.
func (s *networkd) links(ctx context.Context) (all []managed, err error) {
	call, err := s.manager(ctx, "ListLinks")
	if err == nil {
		err = call.Store(&all)
	}
	return all, err
}

// state reads what systemd-networkd says of a link.
func (s *networkd) state(index int32) (v linkState) {
	text, err := os.ReadFile(filepath.Join(s.root, stateFolder, strconv.Itoa(int(index))))
	if err != nil {
		return v
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "NETWORK_FILE":
			v.file = value
		case "NETWORK_FILE_DROPINS":
			v.drops = strings.Trim(value, `"`)
		case "ADMIN_STATE":
			v.admin = value
		case "CARRIER_STATE":
			v.carrier = value == "carrier" || value == "degraded-carrier"
		}
	}
	return v
}

// unit returns the file that a link follows, with what was added to it. A change that was kept is followed where it was tried
// until systemd-networkd reads its files anew, so as to keep its addresses.
func (s *networkd) unit(card string, v linkState) (unit, error) {
	file := v.file
	if file == "/"+triedFolder+"/"+triedPrefix+card+unitSuffix {
		if _, err := os.Stat(s.tried(card)); errors.Is(err, fs.ErrNotExist) {
			file = "/" + keptFolder + "/" + keptPrefix + card + unitSuffix
		}
	}
	text, err := os.ReadFile(filepath.Join(s.root, file))
	if err != nil {
		return unit{}, err
	}
	u := unit{}
	u.read(string(text))
	for _, path := range strings.FieldsFunc(v.drops, func(r rune) bool { return r == ':' || r == ' ' }) {
		if text, err := os.ReadFile(filepath.Join(s.root, path)); err == nil {
			u.read(string(text))
		}
	}
	return u, nil
}

// Settings returns how the interfaces are set up that systemd-networkd manages and that stand on their own: one that is part of
// a bridge or a bond has its addresses there.
func (s *networkd) Settings(ctx context.Context) (map[string]Setting, error) {
	links, err := s.links(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]Setting{}
	for _, l := range links {
		v := s.state(l.Index)
		if l.Name == "lo" || v.file == "" || v.admin == "unmanaged" || !plainName.MatchString(l.Name) {
			continue
		}
		u, err := s.unit(l.Name, v)
		if err != nil || u.port() {
			continue
		}
		all[l.Name] = u.setting(l.Name)
	}
	return all, nil
}

// Try writes a file for each setting and has systemd-networkd follow it. That it has a clock of its own for them, it has not.
func (s *networkd) Try(ctx context.Context, all []Setting, _ time.Duration) error {
	links, err := s.links(ctx)
	if err != nil {
		return err
	}
	index := map[string]int32{}
	for _, l := range links {
		index[l.Name] = l.Index
	}
	if err := os.MkdirAll(filepath.Join(s.root, triedFolder), 0o755); err != nil {
		return denied(err)
	}
	for _, v := range all {
		i, ok := index[v.Interface]
		if !ok || !plainName.MatchString(v.Interface) {
			return ErrUnknown
		}
		if d := slices.IndexFunc(v.Search, func(d string) bool { return !plainDomain.MatchString(d) }); d >= 0 {
			return fault.InvalidField(fmt.Sprintf("search.%d", d), "malformed", "A domain has letters, digits, hyphens and dots only.")
		}
		if err := s.ahead(v.Interface); err != nil {
			return err
		}
		before, _ := s.unit(v.Interface, s.state(i))
		if err := atomicfile.Write(s.tried(v.Interface), []byte(render(v, before)), 0o644); err != nil {
			return denied(err)
		}
	}
	if _, err := s.manager(ctx, "Reload"); err != nil {
		return err
	}
	for _, v := range all {
		if err := s.followed(ctx, v.Interface, index[v.Interface]); err != nil {
			return err
		}
	}
	return nil
}

// followed waits until a link follows what is tried, and then, where there is a cable, until it is set up or configureTime is over.
func (s *networkd) followed(ctx context.Context, card string, index int32) error {
	path := "/" + triedFolder + "/" + triedPrefix + card + unitSuffix
	if !s.until(ctx, noticeTime, func() bool { return s.state(index).file == path }) {
		if ctx.Err() != nil {
			return ErrSlow.Because(ctx.Err())
		}
		return fmt.Errorf("change %s: systemd-networkd follows %q instead", card, s.state(index).file)
	}
	failed := false
	s.until(ctx, configureTime, func() bool {
		v := s.state(index)
		failed = v.admin == "failed"
		return failed || v.admin == "configured" || !v.carrier
	})
	if failed {
		return fmt.Errorf("change %s: systemd-networkd says that it failed", card)
	}
	return nil
}

// until waits for something, for as long at most, and reports whether it came.
func (s *networkd) until(ctx context.Context, most time.Duration, there func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for !there() {
		select {
		case <-ctx.Done():
			return there()
		case <-time.After(pollEvery):
		}
	}
	return true
}

// Settle moves what is tried to where it lasts, or away. systemd-networkd is not told of the former: it follows the same words
// already, and would set up the interface anew for them.
func (s *networkd) Settle(ctx context.Context, keep bool) error {
	files, err := filepath.Glob(filepath.Join(s.root, triedFolder, triedPrefix+"*"+unitSuffix))
	if err != nil {
		return fmt.Errorf("look for what is tried: %w", err)
	}
	if keep {
		return s.keep(files)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return denied(err)
		}
	}
	links, err := s.links(ctx)
	if errors.Is(err, errGone) {
		return nil // it reads its files when it starts
	}
	if err != nil {
		return err
	}
	astray := func() bool { return s.astray(links) }
	if !astray() {
		return nil
	}
	if _, err := s.manager(ctx, "Reload"); err != nil {
		return err
	}
	if !s.until(ctx, noticeTime, func() bool { return !astray() }) {
		return ErrSlow.Because(errors.New("systemd-networkd still follows what was tried"))
	}
	return nil
}

// astray reports whether a link follows a file that is not there any more.
func (s *networkd) astray(links []managed) bool {
	for _, l := range links {
		file := s.state(l.Index).file
		if !strings.HasPrefix(file, "/"+triedFolder+"/"+triedPrefix) {
			continue
		}
		if _, err := os.Stat(filepath.Join(s.root, file)); errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

func (s *networkd) keep(files []string) error {
	for _, file := range files {
		card := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), triedPrefix), unitSuffix)
		if err := s.ahead(card); err != nil { // one that came meanwhile
			return err
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = atomicfile.Write(s.kept(card), text, 0o644)
		}
		if err != nil {
			return denied(err)
		}
	}
	for _, file := range files {
		_ = os.Remove(file) // one that stays says the same, until the next start of the box
	}
	return nil
}

// denied tells a file that may not be written from one that cannot.
func denied(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return ErrRefused.Because(err)
	}
	return fmt.Errorf("write for systemd-networkd: %w", err)
}
