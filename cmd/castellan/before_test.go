package main

import (
	"encoding/json"
	"strings"
	"testing"

	"castellan/internal/httpapi/api"
)

// R140: what a reset changed is for root on the box, in words and as JSON.
func TestTheCommandSaysWhatWasBeforeAReset(t *testing.T) {
	p, _ := enrolled(t)
	ask := func(args ...string) (string, error) {
		out, err := castellan(append(args, "-config", p.config)...).CombinedOutput()
		return string(out), err
	}
	if out, err := ask("before-reset"); err == nil || !strings.Contains(out, "no reset has restored anything") {
		t.Errorf("before any reset: %q, %v", out, err)
	}
	if out, err := ask("button", "press", "--hold", "5200ms"); err != nil || !strings.Contains(out, "administrator defaults restored") {
		t.Fatalf("got %q, %v", out, err)
	}
	out, err := ask("before-reset")
	for _, want := range []string{"before ", "user ", "admin", "2-step verification", "administrators", "limits ", "normal", "idle sessions ", "30 min"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q, %v", want, out, err)
		}
	}
	out, err = ask("before-reset", "-json")
	var v api.BeforeReset
	if json.Unmarshal([]byte(out), &v) != nil || err != nil || v.Owner.Name != "admin" || v.Limits != api.LimitsNormal {
		t.Errorf("got %q, %v", out, err)
	}
}
