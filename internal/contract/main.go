// Contract makes the document that the API serves out of openapi.yaml: as JSON, packed, with an example of every body, with the
// error codes of every operation, and with what its access words mean in the words of OpenAPI. `make generate` runs it in
// internal/httpapi.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

// The files, in internal/httpapi.
const (
	sourceFile   = "openapi.yaml"
	examplesFile = "examples.yaml"
	packedFile   = "openapi.json.gz"
)

// run makes the document in a folder.
func run(folder string) error {
	document, err := build(folder)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression) // without name and time: the same sources give the same bytes
	if err != nil {
		return err
	}
	if _, err := w.Write(document); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, packedFile), packed.Bytes(), 0o600)
}
