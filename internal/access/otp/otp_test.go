package otp_test

import (
	"math/bits"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/realtest"
)

var rfcSecret = otp.Secret("12345678901234567890")

// R047
func TestVectorsOfRFC6238(t *testing.T) {
	// The last six digits of the SHA-1 column of RFC 6238, appendix B.
	for unix, want := range map[int64]otp.Code{
		59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := rfcSecret.CodeAt(otp.StepAt(time.Unix(unix, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", unix, got, want)
		}
	}
}

// R047
func TestVectorsOfRFC4226(t *testing.T) {
	for counter, want := range strings.Fields("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489") {
		if got := rfcSecret.CodeAt(otp.Step(counter)); got != otp.Code(want) {
			t.Errorf("counter %d: got %s, want %s", counter, got, want)
		}
	}
}

// R043
func TestACodeIsSixASCIIDigits(t *testing.T) {
	for _, bad := range []string{"", " 287082", "287082\n", "287082 ", "\u00a0287082", "287082\u3000", "287 082", "+287082",
		"2870821", "28708", "２８７０８２", "٢٨٧٠٨٢", "28708x", "0x1234", "-28708", "287,08"} {
		if _, err := otp.ParseCode(bad); err == nil {
			t.Errorf("ParseCode(%q) was accepted", bad)
		}
	}
	if got, err := otp.ParseCode("000000"); err != nil || got != "000000" {
		t.Errorf("got %q, %v; want 000000", got, err)
	}
}

// R045
func TestTheWindowIsOneStepOnEachSide(t *testing.T) {
	const middle = otp.Step(50_000_000)
	start := time.Unix(int64(middle)*30, 0)
	for _, now := range []time.Time{start, start.Add(29900 * time.Millisecond)} {
		for step := middle - 3; step <= middle+3; step++ {
			got, ok := rfcSecret.Match(rfcSecret.CodeAt(step), now, 0)
			if want := step >= middle-1 && step <= middle+1; ok != want {
				t.Errorf("step %d at %v: accepted %v, want %v", int64(step)-int64(middle), now, ok, want)
			}
			if ok && got != step {
				t.Errorf("step %d was taken for %d", step, got)
			}
		}
	}
}

// R042
func TestNoStepAtOrBeforeTheLastOneMatches(t *testing.T) {
	const middle = otp.Step(50_000_000)
	now := time.Unix(int64(middle)*30, 0)
	for step := middle - 1; step <= middle+1; step++ {
		for last := middle - 2; last <= middle+2; last++ {
			_, ok := rfcSecret.Match(rfcSecret.CodeAt(step), now, last)
			if want := step > last; ok != want {
				t.Errorf("step %d after %d: accepted %v, want %v", step, last, ok, want)
			}
		}
	}
}

func TestLagExplainsASlowOrFastPhone(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, off := range []time.Duration{-10 * time.Minute, -2 * time.Minute, -time.Minute, 0, 90 * time.Second, 10 * time.Minute} {
		code := rfcSecret.CodeAt(otp.StepAt(now.Add(off)))
		if got, ok := rfcSecret.Lag(code, now, 10*time.Minute); !ok || got != off {
			t.Errorf("a phone %v off: got %v, %v", off, got, ok)
		}
	}
	if _, ok := rfcSecret.Lag(rfcSecret.CodeAt(otp.StepAt(now.Add(time.Hour))), now, 10*time.Minute); ok {
		t.Error("a code of another hour was explained")
	}
	if _, ok := rfcSecret.Lag("287082", time.Unix(59, 0), 10*time.Minute); !ok {
		t.Error("the first steps after 1970 are not searched")
	}
}

// R048
func TestSecretsAreLongAndRandom(t *testing.T) {
	seen := map[string]bool{}
	ones := 0
	for range 1000 {
		s := otp.NewSecret()
		text := s.Base32()
		if len(text) != 32 || seen[text] {
			t.Fatalf("secret %q is short or repeated", text)
		}
		seen[text] = true
		for _, b := range s {
			ones += bits.OnesCount8(b)
		}
	}
	// 160,000 fair bits: a standard deviation of 200.
	if ones < 80000-1200 || ones > 80000+1200 {
		t.Errorf("%d of 160000 bits are set", ones)
	}
}

// R048
func TestTheURICannotBeBentByAName(t *testing.T) {
	for _, label := range []string{"admin@attic-nas", "a:b/c?d@n", "x&secret=AAAA", "R&D=1#+%", "ines@höhle"} {
		text := rfcSecret.URI(label)
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if got := strings.TrimPrefix(u.Path, "/"); got != "Castellan:"+label {
			t.Errorf("label %q came back as %q", label, got)
		}
		if len(q) != 5 || len(q["secret"]) != 1 || q.Get("secret") != rfcSecret.Base32() || q.Get("issuer") != "Castellan" ||
			q.Get("algorithm") != "SHA1" || q.Get("digits") != "6" || q.Get("period") != "30" {
			t.Errorf("label %q gives parameters %v", label, q)
		}
		if strings.ContainsAny(strings.TrimPrefix(strings.Split(text, "?")[0], "otpauth://totp/Castellan:"), ":/&=?#+@ ") {
			t.Errorf("label %q is not escaped in %q", label, text)
		}
	}
}

func TestQRHasItsFinderPatterns(t *testing.T) {
	qr, err := otp.Draw(rfcSecret.URI("admin@attic-nas"))
	if err != nil {
		t.Fatal(err)
	}
	if (qr.Size-17)%4 != 0 || qr.Size < 33 {
		t.Errorf("size %d is no QR size for this text", qr.Size)
	}
	if !strings.HasPrefix(qr.Path, "M0 0h7v1h-7z") {
		t.Errorf("the path starts with %.20q", qr.Path)
	}
	if _, err := otp.Draw(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text too long for a QR code was drawn")
	}
}

// R047: another implementation agrees.
func TestOathtoolShowsTheSameCodes(t *testing.T) {
	oathtool := realtest.Program(t, "oathtool", "apt-get install oathtool")
	secret := otp.NewSecret()
	now := time.Unix(1_790_000_000, 0).UTC()
	out, err := exec.Command(oathtool, "--totp", "--base32", "--now", now.Format("2006-01-02 15:04:05 MST"), secret.Base32()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := otp.Code(strings.TrimSpace(string(out))), secret.CodeAt(otp.StepAt(now)); got != want {
		t.Errorf("oathtool shows %s, we expect %s", got, want)
	}
}

// R043
func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"287082", " 287082", "２８７０８２", "28708\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := otp.ParseCode(text)
		if err != nil {
			return
		}
		if string(code) != text || len(text) != 6 || strings.Trim(text, "0123456789") != "" {
			t.Errorf("%q was accepted as %q", text, code)
		}
	})
}
