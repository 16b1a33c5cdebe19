package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A program that was built without its desktop says so where that would be, and has nothing anywhere else.
func TestAProgramWithoutItsDesktopSaysSo(t *testing.T) {
	a := &assets{etags: map[string]string{}}
	for path, want := range map[string]int{"/": http.StatusNotImplemented, "/index.html": http.StatusNotImplemented, "/assets/index.js": http.StatusNotFound, "/metrics": http.StatusNotFound} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
}
