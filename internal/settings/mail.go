package settings

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// Mail is the mail server.
type Mail struct {
	Host        string
	Port        int
	Security    string // tls or starttls
	User        string
	Password    string
	Sender      string
	Authority   string // in PEM
	Fingerprint string // SHA-256 of the one certificate that is trusted, in hex
}

type mailRecord struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Security    string `json:"security"`
	User        string `json:"user,omitempty"`
	Password    string `json:"password,omitempty"` // sealed
	Sender      string `json:"sender"`
	Authority   string `json:"authority,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

var mails = store.NewTable[mailRecord]("mail")

const mailIdentity = "settings/mail/password"

// MailPorts are those on which mail servers are handed mail. Others are not asked: nobody may use the box to
// knock at other doors.
func MailPorts() []int { return []int{25, 465, 587, 2525} }

// GetMail returns the mail server, and whether there is one. sealer opens its password.
func GetMail(tx *store.Tx, sealer secret.Key) (m Mail, set bool, err error) {
	r, found, err := mails.Get(tx, key)
	if err != nil || !found {
		return Mail{}, false, err
	}
	if r.Password != "" {
		plain, err := sealer.Open(r.Password, mailIdentity)
		if err != nil {
			return Mail{}, false, err
		}
		r.Password = string(plain)
	}
	return Mail(r), true, nil
}

// HasMail reports whether there is a mail server.
func HasMail(tx *store.Tx) (bool, error) {
	_, found, err := mails.Get(tx, key)
	return found, err
}

// PutMail checks the mail server and stores it.
func PutMail(tx *store.Tx, sealer secret.Key, m Mail) error {
	if err := m.Check(); err != nil {
		return err
	}
	r := mailRecord(m)
	if m.Password != "" {
		r.Password = sealer.Seal([]byte(m.Password), mailIdentity)
	}
	return mails.Put(tx, key, r)
}

// Keeping returns the mail server with the password of the one before. A password goes to no other server than
// the one it was given for: the same name, port and name of the account, known by the same certificate.
func (m Mail) Keeping(before Mail) (Mail, error) {
	m.Password = before.Password
	if m == before || before.Password == "" {
		return m, nil
	}
	other := before
	other.Sender = m.Sender
	if m != other {
		return Mail{}, fault.InvalidField("password", "missing", "Enter the password again. The one that is kept goes only to the server it was given for.")
	}
	return m, nil
}

// RemoveMail forgets the mail server.
func RemoveMail(tx *store.Tx) error { return mails.Delete(tx, key) }

var (
	oneLine    = regexp.MustCompile(`^[^\x00-\x1f\x7f]*$`)
	maxMailKey = 512
)

// Check reports what is wrong with the values.
func (m Mail) Check() error {
	var wrong []fault.Field
	add := func(name, code, message string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Message: message})
	}
	if !validServer(m.Host) {
		add("host", "malformed", "The name of a mail server, such as mail.example.org.")
	}
	if !slices.Contains(MailPorts(), m.Port) {
		add("port", "not_allowed", "Mail servers take mail on port 465, 587, 25 or 2525.")
	}
	if m.Security != "tls" && m.Security != "starttls" {
		add("security", "unknown", "TLS or STARTTLS. Mail never leaves without encryption.")
	}
	if !oneLine.MatchString(m.User) || len(m.User) > 254 {
		add("user", "malformed", "One line of text.")
	}
	if !oneLine.MatchString(m.Password) || len(m.Password) > maxMailKey {
		add("password", "malformed", "One line of text.")
	}
	if a, err := mail.ParseAddress(m.Sender); err != nil || a.Address != m.Sender || strings.ContainsAny(m.Sender, "\r\n<>,;\" ") {
		add("sender", "malformed", "This does not look like an e-mail address.")
	}
	wrong = append(wrong, checkTrust(m.Authority, m.Fingerprint)...)
	if wrong != nil {
		return fault.InvalidFields(wrong...)
	}
	return nil
}
