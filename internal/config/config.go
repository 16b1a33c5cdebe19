// Package config reads the integrator's file: what is decided where Castellan is built into a box, and not
// on screen.
package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config is the integrator's file. The zero file is a good one.
type Config struct {
	// Data is the folder of the database, the device key and the certificate.
	Data string `toml:"data"`
	// Key is the folder of the device key, where it is not to lie beside the database: on internal flash,
	// so that a stolen disk is of no use.
	Key string `toml:"key_folder"`
	// Socket is the path of the Unix socket for the command line.
	Socket string `toml:"socket"`
	// DefaultPasswordFile holds the default password of this very box, from the integrator.
	DefaultPasswordFile string `toml:"default_password_file"`

	Web     Web     `toml:"web"`
	Time    Time    `toml:"time"`
	Network Network `toml:"network"`
	Button  Button  `toml:"button"`
}

// Web is where browsers reach the box.
type Web struct {
	HTTPS string   `toml:"https"` // address to listen on
	HTTP  string   `toml:"http"`  // address of the redirect; empty: none
	Names []string `toml:"names"` // further host names and addresses it is known by, with a port or without
}

// Time is whom the box asks for the time.
type Time struct {
	Servers []string `toml:"servers"`
}

// Network is who sets up the network of the box.
type Network struct {
	// Service is "auto", or "none" for a box whose network Castellan leaves alone: it is shown, and neither changed nor told of this box.
	Service string `toml:"service"`
}

// NoNetwork is the Service of a box whose network is left alone.
const NoNetwork = "none"

// Button is which button the box has.
type Button struct {
	Source   string   `toml:"source"` // "auto", "input", "gpio", "simulated" or "none"
	Device   string   `toml:"device"` // name of the input device
	Key      uint16   `toml:"key"`    // code of its key
	Chip     string   `toml:"chip"`   // path, name or label of the GPIO chip
	Line     string   `toml:"line"`   // name or number of the line
	Bias     string   `toml:"bias"`   // "pull-up", "pull-down", "disabled" or ""
	Active   string   `toml:"active"` // "low" or "high"
	Debounce Duration `toml:"debounce"`
}

// Duration is a length of time such as "20ms".
type Duration time.Duration

// UnmarshalText reads a Duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Path is where the file is looked for when nothing else is said.
const Path = "/etc/castellan/castellan.toml"

// Default returns the settings of a box whose integrator decided nothing.
func Default() Config {
	return Config{
		Data:    "/var/lib/castellan",
		Socket:  "/run/castellan/castellan.sock",
		Web:     Web{HTTPS: ":8001", HTTP: ":8000"},
		Time:    Time{Servers: []string{"time.cloudflare.com", "ptbtime1.ptb.de", "0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org"}},
		Network: Network{Service: "auto"},
		Button:  Button{Source: "auto", Key: keyRestart, Active: "low", Debounce: Duration(20 * time.Millisecond)},
	}
}

// Load reads the file at path. An empty path means Path, and no file there means Default. What the file
// does not know, or knows wrongly, is an error with the name of the setting. Relative paths are relative
// to the folder of the file.
func Load(path string) (Config, error) {
	c := Default()
	asked := path != ""
	if !asked {
		path = Path
	}
	meta, err := toml.DecodeFile(path, &c)
	switch {
	case errors.Is(err, os.ErrNotExist) && !asked:
		return c, nil
	case err != nil:
		return c, fmt.Errorf("read config file %q: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return c, fmt.Errorf("read config file %q: there is no setting %q", path, unknown[0].String())
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("read config file %q: %w", path, err)
	}
	for _, p := range []*string{&c.Data, &c.Key, &c.Socket, &c.DefaultPasswordFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			if *p, err = filepath.Abs(filepath.Join(filepath.Dir(path), *p)); err != nil {
				return c, fmt.Errorf("read config file %q: %w", path, err)
			}
		}
	}
	if len(c.Socket) > longestSocket {
		return c, fmt.Errorf("read config file %q: socket: the path %q has %d bytes, and Linux takes at most %d. Name a shorter one", path, c.Socket, len(c.Socket), longestSocket)
	}
	return c, nil
}

// longestSocket is how long the path of a socket may be, in bytes (unix(7), sun_path).
const longestSocket = 107

// KeyFolder is where the device key lies.
func (c Config) KeyFolder() string {
	if c.Key != "" {
		return c.Key
	}
	return c.Data
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

func (c Config) check() error {
	if c.Data == "" {
		return errors.New("data must name a folder")
	}
	if c.Socket == "" {
		return errors.New("socket must name a file")
	}
	for name, address := range map[string]string{"web.https": c.Web.HTTPS, "web.http": c.Web.HTTP} {
		if address == "" && name == "web.http" {
			continue
		}
		if _, port, err := net.SplitHostPort(address); err != nil || !validPort(port, true) {
			return fmt.Errorf("%s must be an address with a port, such as \":8001\", not %q", name, address)
		}
	}
	for _, n := range c.Web.Names {
		if !validHost(n) {
			return fmt.Errorf("web.names: %q is no host name or address", n)
		}
	}
	for _, s := range c.Time.Servers {
		if !validHost(s) {
			return fmt.Errorf("time.servers: %q is no host name or address", s)
		}
	}
	if s := c.Network.Service; s != "auto" && s != NoNetwork {
		return fmt.Errorf("network.service must be one of \"auto\", \"none\", not %q", s)
	}
	return c.Button.check()
}

// validHost reports whether a text is a host name or an address, with a port or without.
func validHost(s string) bool {
	host := s
	if h, port, err := net.SplitHostPort(s); err == nil {
		if !validPort(port, false) {
			return false
		}
		host = h
	}
	return hostName.MatchString(host) || net.ParseIP(host) != nil
}

func validPort(port string, zero bool) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n > 0 || zero)
}

// Codes of keys (include/uapi/linux/input-event-codes.h): the one that reset buttons send, and the greatest there is.
const (
	keyRestart = 408
	maxKey     = 0x2ff
)

func (b Button) check() error {
	oneOf := func(name, value string, allowed ...string) error {
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("button.%s must be one of %q, not %q", name, strings.Join(allowed, `", "`), value)
		}
		return nil
	}
	if b.Source == "gpio" && b.Line == "" {
		return errors.New("button.line must name a line or its number")
	}
	if b.Source == "input" && b.Device == "" {
		return errors.New("button.device must name an input device, as \"gpio-keys\"")
	}
	if b.Key == 0 || b.Key > maxKey {
		return fmt.Errorf("button.key must be the code of a key, between 1 and %d", maxKey)
	}
	if b.Debounce < 0 || b.Debounce > Duration(time.Second) {
		return errors.New("button.debounce must lie between 0 and 1s")
	}
	return errors.Join(
		oneOf("source", b.Source, "auto", "input", "gpio", "simulated", "none"),
		oneOf("bias", b.Bias, "", "pull-up", "pull-down", "disabled"),
		oneOf("active", b.Active, "low", "high"))
}
