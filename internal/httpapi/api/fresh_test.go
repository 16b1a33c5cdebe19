package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// stamp names the inputs that a generated file was made from.
func stamp(t *testing.T, inputs ...string) string {
	t.Helper()
	h := sha256.New()
	for _, in := range inputs {
		data, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestTheGeneratedFilesAreFresh(t *testing.T) {
	for file, want := range map[string]string{
		"api.gen.sum":                        stamp(t, "../openapi.yaml", "templates/operations.tmpl", "generate.yaml"),
		"../../../webui/src/api/schema.d.ts": stamp(t, "../openapi.yaml"),
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%s is missing: run make generate", file)
			continue
		}
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is older than the contract: run make generate", file)
		}
	}
}
