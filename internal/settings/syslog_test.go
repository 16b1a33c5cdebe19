package settings_test

import (
	"testing"

	"castellan/internal/settings"
)

// R123
func TestASyslogServerHasAForm(t *testing.T) {
	good := settings.Syslog{Host: "log.example.org", Port: settings.SyslogPort}
	for name, change := range map[string]func(*settings.Syslog){
		"no host": func(s *settings.Syslog) { s.Host = "" }, "an address of the cloud": func(s *settings.Syslog) { s.Host = "169.254.169.254" },
		"a line break": func(s *settings.Syslog) { s.Host = "a\nb" }, "plain syslog": func(s *settings.Syslog) { s.Port = 514 },
		"port 22": func(s *settings.Syslog) { s.Port = 22 }, "no certificate": func(s *settings.Syslog) { s.Authority = "x" },
		"half a fingerprint": func(s *settings.Syslog) { s.Fingerprint = "AA:BB" },
	} {
		s := good
		if change(&s); s.Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
