package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	"castellan/internal/trust"

	gomail "github.com/wneessen/go-mail"
)

// Failure is why a mail was not taken, in words.
type Failure struct {
	Message   string // what is so, then what to do
	Reply     string // what the server answered, if it did
	Temporary bool   // trying again later may help
}

// Explain puts an error of Send into words.
func Explain(err error) Failure {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	reply, temporary := replyOf(err)
	certificate := trust.Explain(err, "mail server")
	switch {
	case certificate != "":
		return Failure{Message: certificate}
	case errors.As(err, &dns) && dns.IsNotFound:
		return Failure{Message: "There is no mail server of this name. Check the name."}
	case errors.As(err, &dns):
		return Failure{Message: "The name server does not answer, so the mail server cannot be found.", Temporary: true}
	case errors.As(err, &record):
		return Failure{Message: "The mail server does not speak TLS on this port. Try STARTTLS, or another port."}
	case strings.Contains(err.Error(), "does not support STARTTLS"): // go-mail v0.8.1, client.go
		return Failure{Message: "The mail server offers no encryption on this port. Nothing was sent. Try TLS, or another port."}
	case reply != "":
		return Failure{Message: "The mail server refused: " + reply, Reply: reply, Temporary: temporary}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return Failure{Message: "The mail server does not answer in time.", Temporary: true}
	default:
		return Failure{Message: "The mail server cannot be reached. Check its name and port.", Temporary: true}
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// longestReply bounds what a server can make us show.
const longestReply = 200

// replyOf finds the server's own reply in an error, made safe to show, and whether it was a temporary one.
func replyOf(err error) (reply string, temporary bool) {
	var protocol *textproto.Error
	if errors.As(err, &protocol) {
		return clean(strconv.Itoa(protocol.Code) + " " + protocol.Msg), protocol.Code/100 == 4
	}
	var sent *gomail.SendError
	if errors.As(err, &sent) && sent.ErrorCode() != 0 {
		text := sent.Error()
		if i := strings.Index(text, strconv.Itoa(sent.ErrorCode())); i >= 0 {
			text = text[i:]
		}
		return clean(text), sent.IsTemp()
	}
	return "", false
}

// clean makes one printable line of a text that a stranger wrote.
func clean(text string) string {
	out := make([]rune, 0, longestReply)
	for _, r := range text {
		if len(out) == longestReply {
			return string(out) + "…"
		}
		if !strconv.IsPrint(r) {
			r = ' '
		}
		out = append(out, r)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// messageID names a mail without telling anything about the box.
func messageID(domain string) string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	if domain == "" {
		domain = "castellan.invalid"
	}
	return hex.EncodeToString(b[:]) + "@" + domain
}
