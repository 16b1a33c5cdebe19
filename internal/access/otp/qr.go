package otp

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QR is a QR symbol as the path of an SVG image: every dark module is a square of one unit. The quiet
// zone of four modules around it is left to whoever draws it.
type QR struct {
	Size int // modules on a side
	Path string
}

// Draw returns the QR symbol of a text with medium error correction.
func Draw(text string) (QR, error) {
	symbol, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QR{}, fmt.Errorf("draw QR code: %w", err)
	}
	size := symbol.Bounds().Dx()
	dark := func(x, y int) bool { return x < size && symbol.At(x, y) == color.Color(color.Black) }
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			start := x
			for dark(x, y) {
				x++
			}
			if run := x - start; run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start, y, run, run)
			}
		}
	}
	return QR{Size: size, Path: path.String()}, nil
}
