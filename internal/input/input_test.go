package input

import (
	"context"
	"errors"
	"io"
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
		{"\ufeffa\n\ufeffb", []string{"a", "\ufeffb"}, nil}, // only the first one is a mark
		{"\ufeff", nil, nil},
		{"\xef\xbb", []string{"\xef\xbb"}, nil},
		{"\xefx\n", []string{"\xefx"}, nil},
		{"x", []string{"x"}, nil},
		{"\xff\xfea\x00\r\x00\n\x00\xe9\x00", []string{"a", "é"}, nil},
		{"\xfe\xff\x00a\x00\n\xd8\x3d\xde\x00\xd8\x3d\x00b", []string{"a", "😀\ufffdb"}, nil},
		{"\xff\xfea\x00b", []string{"a\ufffd"}, nil},
		{"\xff\xfe\x3d\xd8", []string{"\ufffd"}, nil},
		{"\xff\xfe", nil, nil},
		{"a\x00\n\x00", nil, ErrEncoding},
		{"\x00a\x00\n", nil, ErrEncoding},
		{"\xff\xfe\x00\x00a\x00\x00\x00", nil, ErrEncoding},
		{"\x00\x00\xfe\xff\x00\x00\x00a", nil, ErrEncoding},
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

// TestShortFirstLine: a line is there as soon as its end is, however short it is, and the end of a terminal's input is the end.
func TestShortFirstLine(t *testing.T) {
	for _, first := range []string{"\n", "a\n", "\xef\n", "é\n"} {
		r, w := io.Pipe()
		got := make(chan string)
		go func() {
			Lines(r, 10, func(line string) error { got <- line; return nil })
			close(got)
		}()
		io.WriteString(w, first)
		if line := <-got; line+"\n" != first {
			t.Errorf("%q: %q", first, line)
		}
		w.Close()
		<-got
	}
	ends := 0
	Lines(readerFunc(func([]byte) (int, error) { ends++; return 0, io.EOF }), 10, func(string) error { return nil })
	if ends != 1 {
		t.Errorf("the end was read %d times", ends)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

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
