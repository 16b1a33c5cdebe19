package settings

import (
	"slices"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// Syslog is the server that the log is sent to.
type Syslog struct {
	Host        string
	Port        int
	Authority   string // in PEM
	Fingerprint string // SHA-256 of the one certificate that is trusted, in hex
}

type syslogRecord struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Authority   string `json:"authority,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

var syslogs = store.NewTable[syslogRecord]("syslog")

// SyslogPort is the port of syslog over TLS (RFC 5425).
const SyslogPort = 6514

// SyslogPorts are those on which syslog servers speak TLS. Others are not asked: nobody may use the box to knock at
// other doors.
func SyslogPorts() []int { return []int{SyslogPort, 10514} }

// GetSyslog returns the server, and whether there is one.
func GetSyslog(tx *store.Tx) (s Syslog, set bool, err error) {
	r, set, err := syslogs.Get(tx, key)
	return Syslog(r), set, err
}

// PutSyslog checks the server and stores it.
func PutSyslog(tx *store.Tx, s Syslog) error {
	if err := s.Check(); err != nil {
		return err
	}
	return syslogs.Put(tx, key, syslogRecord(s))
}

// RemoveSyslog forgets the server.
func RemoveSyslog(tx *store.Tx) error { return syslogs.Delete(tx, key) }

// Check reports what is wrong with the values.
func (s Syslog) Check() error {
	var wrong []fault.Field
	add := func(name, code, message string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Message: message})
	}
	if !validServer(s.Host) {
		add("host", "malformed", "The name of a syslog server, such as log.example.org.")
	}
	if !slices.Contains(SyslogPorts(), s.Port) {
		add("port", "not_allowed", "Syslog servers take lines over TLS on port 6514 or 10514.")
	}
	wrong = append(wrong, checkTrust(s.Authority, s.Fingerprint)...)
	if wrong != nil {
		return fault.InvalidFields(wrong...)
	}
	return nil
}
