// Package browser tests the browser client in a real Chromium against the real program: it owns the program's process,
// the browser and its pages, and ends them. Everything is on this machine's loopback.
//
// CHROMIUM names the browser's program where it is not found by itself. Without a browser the tests are skipped, and fail
// when CI is true.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds each wait for something to show, with the race detector on and other tests beside.
const patience = 30 * time.Second

var (
	binary string                          // the program, built once
	chrome func() (context.Context, error) // the browser, started once
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "salon-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "salon")
	if out, err := exec.Command("go", "build", "-o", binary, "salon/cmd/salon").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	var stop context.CancelFunc = func() {}
	chrome = sync.OnceValues(func() (ctx context.Context, err error) {
		ctx, stop, err = startChromium()
		return ctx, err
	})
	defer func() { stop() }()
	return m.Run()
}

func startChromium() (context.Context, context.CancelFunc, error) {
	path, err := findChromium()
	if err != nil {
		return nil, func() {}, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("accept-lang", "en"), chromedp.Env("TZ=Europe/Paris", "LANG=C.UTF-8"),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	stop := func() { stopBrowser(); stopAllocator() }
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, func() {}, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, stop, nil
}

func findChromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no chromium here; name one in CHROMIUM")
}
