package signin_test

import (
	"testing"

	"castellan/internal/access/otp"
)

// BenchmarkCode is the code step without the network: what it costs to spend a code, to start the session
// and to bring both to the disk.
func BenchmarkCode(b *testing.B) {
	bench := claimed(b)
	seed, _ := bench.twoStep(bench.in("admin", goodPassword))
	for b.Loop() {
		b.StopTimer()
		ticket := bench.half("admin", goodPassword)
		code := string(bench.code(seed))
		b.StartTimer()
		if _, err := bench.Code(b.Context(), bench.home, ticket, app(code)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		bench.pass(otp.Period)
		b.StartTimer()
	}
}
