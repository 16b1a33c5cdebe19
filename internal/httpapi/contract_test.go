package httpapi

import (
	"net/http"
	"testing"
)

func TestNothingComesPackedToWhoeverDoesNotTakeIt(t *testing.T) {
	for accepted, want := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.5": true, "br , gzip ; q = 1.0": true, "gzip;q=0": false, "gzip; q=0.000, identity": false, "gzip;q=x": false,
		"": false, "identity": false, "notgzip": false, "*": false,
	} {
		if got := takesGzip(http.Header{"Accept-Encoding": {accepted}}); got != want {
			t.Errorf("%q: %v", accepted, got)
		}
	}
	if !takesGzip(http.Header{"Accept-Encoding": {"br", "gzip"}}) {
		t.Error("what stands in a second line is not read")
	}
}
