//go:build !linux

package button

func closeDescriptor(int) {}
