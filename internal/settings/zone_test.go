package settings

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write zones.gz from the Go distribution")

type zone struct {
	name string
	data []byte
}

// distributed reads the time zones of the Go distribution.
func distributed(t *testing.T) (all []zone) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, zone{f.Name, data})
	}
	return all
}

func TestTheTimeZonesAreThoseOfTheGoDistribution(t *testing.T) {
	all := distributed(t)
	if len(all) < 500 {
		t.Fatalf("the distribution has only %d", len(all))
	}
	slices.SortFunc(all, func(a, b zone) int {
		return cmp.Or(bytes.Compare(a.data, b.data), cmp.Compare(a.name, b.name))
	})
	var plain bytes.Buffer
	for _, z := range all {
		_, _ = fmt.Fprintf(&plain, "%s %d\n%s", z.name, len(z.data), z.data)
	}
	if *update {
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		_, _ = w.Write(plain.Bytes())
		_ = w.Close()
		if err := os.WriteFile("zones.gz", packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		zones = packed.Bytes()
	}
	r, err := gzip.NewReader(bytes.NewReader(zones))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain.Bytes()) {
		t.Errorf("zones.gz is another one, %v: run the test with -update", err)
	}
}

func TestATimeZoneIsFoundWithoutTheSystems(t *testing.T) {
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{"Europe/Berlin": "14:00 CEST", "America/St_Johns": "09:30 NDT", "UTC": "12:00 UTC", "Asia/Kolkata": "17:30 IST"} {
		z, err := ownZone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := summer.In(z).Format("15:04 MST"); got != want || z.String() != name {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Atlantis", "../../etc/passwd", "Europe", "Europe/Berlin 1"} {
		if _, err := Zone(name); err == nil {
			t.Errorf("%q is a time zone", name)
		}
	}
	if _, err := Zone("Europe/Berlin"); err != nil {
		t.Error(err)
	}
}

func TestEveryTimeZoneOfTheProgramCanBeRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	for i, z := range distributed(t) {
		if i%20 != 0 {
			continue
		}
		if _, err := ownZone(z.name); err != nil {
			t.Errorf("%s: %v", z.name, err)
		}
	}
}
