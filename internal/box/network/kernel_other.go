//go:build !linux

package network

import "context"

func links() ([]link, error) { return nil, nil }

func addresses() ([]address, error) { return nil, nil }

func gateways() ([]gateway, error) { return nil, nil }

func (*link) hardware() {}

// watch sees nothing here.
func watch(ctx context.Context, _ func()) error { <-ctx.Done(); return ctx.Err() }
