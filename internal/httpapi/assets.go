package httpapi

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"castellan/webui"
)

// assets serves the built desktop. Its text files are stored compressed and are sent as they are.
type assets struct {
	files fs.FS
	built bool

	mu    sync.Mutex
	etags map[string]string
}

func newAssets() *assets {
	files, built := webui.Files()
	return &assets{files: files, built: built, etags: map[string]string{}}
}

// types are the kinds of files that the desktop consists of; others are not served.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml; charset=utf-8", ".json": "application/json; charset=utf-8",
	".webmanifest": "application/manifest+json; charset=utf-8", ".png": "image/png", ".ico": "image/x-icon",
}

const unbuilt = "This program was built without its desktop. Build it with make and start it again."

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if !a.built && name == "index.html" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = io.WriteString(w, unbuilt+"\n")
		return
	}
	kind := types[path.Ext(name)]
	stored, zipped, ok := a.find(name)
	if kind == "" || !ok {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "There is nothing here.\n")
		return
	}
	h.Set("Content-Type", kind)
	if strings.HasPrefix(name, "assets/") { // its name changes with its content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
		tag := a.etag(stored)
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	a.send(w, r, stored, zipped)
}

// find looks a file up, compressed or not.
func (a *assets) find(name string) (stored string, zipped, ok bool) {
	if !a.built || !fs.ValidPath(name) {
		return "", false, false
	}
	for _, candidate := range []string{name + ".gz", name} {
		if info, err := fs.Stat(a.files, candidate); err == nil && info.Mode().IsRegular() {
			return candidate, candidate != name, true
		}
	}
	return "", false, false
}

func (a *assets) send(w http.ResponseWriter, r *http.Request, stored string, zipped bool) {
	f, err := a.files.Open(stored)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer func() { _ = f.Close() }()
	var body io.Reader = f
	if zipped {
		w.Header().Add("Vary", "Accept-Encoding")
		if takesGzip(r.Header) {
			w.Header().Set("Content-Encoding", "gzip")
		} else if body, err = gzip.NewReader(f); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	}
	if info, err := f.Stat(); err == nil && body == io.Reader(f) {
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, body)
}

// etag names the content of a file. It is computed once a start.
func (a *assets) etag(stored string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if tag, ok := a.etags[stored]; ok {
		return tag
	}
	data, err := fs.ReadFile(a.files, stored)
	if err != nil {
		return `"none"`
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	a.etags[stored] = tag
	return tag
}
