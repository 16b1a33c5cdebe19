package settings

import (
	"crypto/x509"
	"net"
	"regexp"
	"strings"

	"castellan/internal/fault"
)

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	numeric   = regexp.MustCompile(`^([0-9]+|0[xX][0-9A-Fa-f]*)$`)
	printForm = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$`)
)

// validServer accepts names and addresses, but for those that are never a server of the owner's: link-local ones,
// where clouds keep their secrets, multicast and the empty address.
func validServer(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLinkLocalUnicast() && !ip.IsMulticast() && !ip.IsUnspecified()
	}
	// The last label of a name is no number (RFC 3696 section 2): 256.1.1.1 and 0x7f.1 are addresses that are wrong.
	return len(host) <= 253 && hostName.MatchString(host) && !numeric.MatchString(host[strings.LastIndexByte(host, '.')+1:])
}

// checkTrust reports what is wrong with the certificate that is believed beside, or instead of, the known ones.
func checkTrust(authority, fingerprint string) (wrong []fault.Field) {
	if authority != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(authority)) {
		wrong = append(wrong, fault.Field{Name: "authority", Code: "malformed", Message: "This is no certificate in PEM. It begins with -----BEGIN CERTIFICATE-----."})
	}
	if fingerprint != "" && !printForm.MatchString(fingerprint) {
		wrong = append(wrong, fault.Field{Name: "fingerprint", Code: "malformed", Message: "A SHA-256 fingerprint has 32 pairs of hex digits."})
	}
	return wrong
}
