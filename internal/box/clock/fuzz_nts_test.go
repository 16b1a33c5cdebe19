package clock_test

import (
	"crypto/x509"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/realtest"
)

// FuzzAuthenticReply feeds bytes to the code that reads an authenticated answer, behind a header and an identifier that
// are right: without the keys of the exchange nothing is believed, and nothing falls over.
func FuzzAuthenticReply(f *testing.F) {
	authority := realtest.NewAuthority(f)
	exchange, _ := ntsServer(f, authority, "127.0.0.1")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(authority.PEM))
	field := func(kind uint16, body ...byte) []byte {
		return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, kind), uint16(4+len(body))), body...)
	}
	sealed := func(nonce, text int) []byte {
		body := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(nonce)), uint16(text))
		return field(0x0404, append(body, make([]byte, nonce+text)...)...)
	}
	f.Add([]byte{}, byte(1))
	f.Add(sealed(16, 16), byte(1))
	f.Add(sealed(12, 16), byte(1))
	f.Add(sealed(16, 4), byte(1))
	f.Add(sealed(4, 16), byte(1))
	f.Add(sealed(0, 0), byte(1))
	f.Add(sealed(16, 100), byte(0))
	f.Add(field(0x0404), byte(1))
	f.Add(field(0x0404, 0, 16, 0, 16), byte(1))
	f.Add(append(field(0x0204, 1, 2, 3, 4), sealed(16, 16)...), byte(1))
	f.Add([]byte{4, 4, 255, 255}, byte(1))

	var tail []byte
	var stratum byte
	k := clock.New(clock.Config{
		Sources: []clock.Source{{Address: exchange, NTS: true}}, Floor: time.Now().Add(-year), Elapsed: clock.Elapsed, System: time.Now,
		Kept: func() bool { return false }, Authorities: roots,
		Dial: func(string, time.Duration) (net.Conn, error) {
			return &canned{repeat: true, reply: func(question []byte) []byte {
				answer := timeServer{}.reply(question[:48], time.Now())
				answer[1] = stratum
				return append(append(answer, question[48:48+36]...), tail...)
			}}, nil
		},
	})
	f.Fuzz(func(t *testing.T, fields []byte, s byte) {
		tail, stratum = fields, s
		k.Forget() // so that it may be asked again at once
		k.Sync(t.Context())
		r := k.Reading()
		if r.State != clock.Unsynced || r.Servers[0].State != clock.Silent || r.Servers[0].Problem == "" {
			t.Errorf("%x: %+v", fields, r)
		}
	})
}
