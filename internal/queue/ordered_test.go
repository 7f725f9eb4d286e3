package queue

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unsafe"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInOrderAndOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work}
		var got []int // without a lock: the race detector sees it if two jobs run at once
		for i := range 1000 {
			q.Do(func() { got = append(got, i) })
		}
		work.Wait()
		if len(got) != 1000 || !slices.IsSorted(got) {
			t.Errorf("%d jobs ran, in order: %v", len(got), slices.IsSorted(got))
		}
	})
}

// The goroutine ends when there is nothing to do and starts again afterwards.
func TestGoroutineOnlyWhileThereAreJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work}
		for range 3 {
			ran := false
			q.Do(func() { ran = true })
			work.Wait() // would not return while the queue has a goroutine
			if !ran {
				t.Fatal("the job did not run")
			}
		}
	})
}

func TestMostDropsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work, Most: 3}
		release := make(chan struct{})
		q.Do(func() { <-release })
		synctest.Wait() // it runs: it does not count as waiting any more
		var got []int
		for i := range 5 {
			q.Do(func() { got = append(got, i) })
		}
		close(release)
		work.Wait()
		if !slices.Equal(got, []int{2, 3, 4}) {
			t.Errorf("ran %v, want the last three", got)
		}
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work, Most: 2}
		if err := q.Wait(t.Context()); err != nil {
			t.Errorf("nothing to wait for, yet %v", err)
		}
		first, second := make(chan struct{}), make(chan struct{})
		q.Do(func() { <-first })
		synctest.Wait()
		early := waitFor(&q) // for the job that runs
		q.Do(func() { <-second })
		late := waitFor(&q)
		for range 3 {
			q.Do(func() {}) // drops the second job, too: whoever waits for it must not wait for ever
		}
		synctest.Wait()
		if done(early) || done(late) {
			t.Error("a wait ended before its jobs did")
		}
		close(first)
		synctest.Wait()
		if !done(early) || !done(late) {
			t.Error("a wait did not end with its jobs")
		}
		close(second)
		work.Wait()
	})
}

// A queue that always has more to do does not keep Wait for ever.
func TestWaitEndsWhileMoreJobsCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work}
		pace, enough := make(chan struct{}), false
		var again func()
		again = func() {
			<-pace
			if !enough {
				q.Do(again)
			}
		}
		q.Do(again)
		synctest.Wait()
		q.Do(again)
		wait := waitFor(&q)
		for range 3 { // the running job, and those that the wait is for
			if done(wait) {
				t.Fatal("the wait ended before its jobs did")
			}
			pace <- struct{}{}
			synctest.Wait()
		}
		if !done(wait) {
			t.Error("the wait did not end with its jobs")
		}
		enough = true
		close(pace)
		work.Wait()
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		q := Ordered{Work: &work}
		release := make(chan struct{})
		q.Do(func() { <-release })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(release)
		work.Wait()
	})
}

// waitFor waits for q beside the test; the channel is closed when Wait has returned.
func waitFor(q *Ordered) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = q.Wait(context.Background())
	}()
	synctest.Wait()
	return ended
}

func done(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A job's panic ends the program with the panic's text, which a second run of this test binary shows.
func TestPanicIsNotSwallowed(t *testing.T) {
	if os.Getenv("QUEUE_TEST_PANIC") != "" {
		var work sync.WaitGroup
		q := Ordered{Work: &work}
		q.Do(func() { panic("the job went wrong") })
		work.Wait()
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPanicIsNotSwallowed$")
	cmd.Env = append(os.Environ(), "QUEUE_TEST_PANIC=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "panic: the job went wrong") {
		t.Errorf("ended with %v and said:\n%s", err, out)
	}
}

func TestUnusedIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Ordered{}); size > 64 {
		t.Errorf("an unused queue has %d bytes: there are three in each room", size)
	}
}

func BenchmarkDo(b *testing.B) {
	var work sync.WaitGroup
	q := Ordered{Work: &work, Most: 256}
	b.ReportAllocs()
	for b.Loop() {
		q.Do(func() {})
	}
	work.Wait()
}
