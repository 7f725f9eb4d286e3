package main

import (
	"net"
	"slices"
	"testing"
)

func TestForOthers(t *testing.T) {
	var own []net.Addr
	for _, cidr := range []string{"127.0.0.1/8", "192.168.1.7/24", "169.254.3.4/16", "::1/128", "fe80::1/64", "fd00::7/64"} {
		ip, n, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		own = append(own, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	for _, tt := range []struct {
		listens, address string
		want             []string
	}{
		{"127.0.0.1", "http://127.0.0.1:8888/", nil},
		{"192.168.1.7", "http://192.168.1.7:8888/", nil},
		{"localhost", "http://localhost:8888/", nil},
		{"0.0.0.0", "http://localhost:8888/", []string{"http://192.168.1.7:8888/"}},
		{"::", "https://localhost:1/", []string{"https://192.168.1.7:1/", "https://[fd00::7]:1/"}},
	} {
		if got := forOthers(tt.listens, tt.address, own); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.listens, got, tt.want)
		}
	}
}
