package node

import (
	"context"
	"io"
	"strings"
	"testing"

	"salon/internal/config"
	"salon/internal/lang"
)

// TestStopWithoutErrorSaysNone: who reads the log of an ordinary stop finds no error in it.
func TestStopWithoutErrorSaysNone(t *testing.T) {
	cli, _, _, err := config.Parse([]string{"serve", "--data", t.TempDir(), "-p", "0"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder // read after the stop only
	n, err := Start(t.Context(), cli.Serve, lang.English, &log)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "msg=stopped") || strings.Contains(got, "err=") || strings.Contains(got, "<nil>") {
		t.Errorf("the log says:\n%s", got)
	}
}
