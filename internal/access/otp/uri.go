package otp

import (
	"strconv"
	"strings"
	"time"
)

// Issuer is the name under which an app files the account.
const Issuer = "Castellan"

// Label returns what an authenticator app shows for an account on a NAS.
func Label(account, nas string) string { return account + "@" + nas }

// URI returns the key URI that an app reads from a QR code or a link. The label and every value are
// percent-encoded outside the unreserved characters of RFC 3986, so that a name can add no parameter.
func (s Secret) URI(label string) string {
	return "otpauth://totp/" + escape(Issuer) + ":" + escape(label) +
		"?secret=" + s.Base32() +
		"&issuer=" + escape(Issuer) +
		"&algorithm=SHA1" +
		"&digits=" + strconv.Itoa(Digits) +
		"&period=" + strconv.Itoa(int(Period/time.Second))
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

func escape(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
