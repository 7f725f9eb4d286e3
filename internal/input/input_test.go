package input

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("é", 5000)
	for _, tt := range []struct {
		in   string
		want []string
		err  error
	}{
		{"", nil, nil},
		{"a\nb\r\n\nc", []string{"a", "b", "", "c"}, nil},
		{"\n", []string{""}, nil},
		{"a\rb\r\r\n", []string{"a\rb\r"}, nil},
		{long + "\nx\n", []string{long, "x"}, nil},
		{"x\n" + strings.Repeat("y", 10_001), []string{"x"}, ErrLong},
	} {
		var got []string
		err := Lines(iotest.HalfReader(strings.NewReader(tt.in)), 10_000, func(s string) error {
			got = append(got, s)
			return nil
		})
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%.20q: %.40q, %v", tt.in, got, err)
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	in := Open(ctx, r)
	defer in.Close()
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n, err := in.Read(make([]byte, 10)); n != 1 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	done := make(chan error, 1)
	go func() { _, err := in.Read(make([]byte, 10)); done <- err }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the waiting read ended with %v", err)
	}
}

func TestRegularFile(t *testing.T) {
	name := t.TempDir() + "/in"
	if err := os.WriteFile(name, []byte("a\nb"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := Open(t.Context(), f)
	defer in.Close()
	var got []string
	if err := Lines(in, 10, func(s string) error { got = append(got, s); return nil }); err != nil || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
}
