// Package account asks the operating system what a process used: processor time and memory. It owns nothing.
//
// It is for Linux: the figures come from the kernel's clocks and from /proc.
package account

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU gives the processor time, user and system, that process pid used since its start, all threads together, those that
// ended included. It is exact to the nanosecond, where /proc/PID/stat counts in hundredths of a second.
func CPU(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3) makes the clock's number like this: the process, upside down, and CPUCLOCK_SCHED.
	clock := int32(^pid)<<3 | 2
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// Memory is what a process takes of the machine's memory, in bytes. Kernel memory, such as sockets, is not in it.
type Memory struct {
	RSS int64 // pages in memory
	PSS int64 // the same, those shared with others counted by share
}

// MemoryOf reads the memory of process pid.
func MemoryOf(pid int) (Memory, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return Memory{}, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return parseRollup(text)
}

func parseRollup(text []byte) (Memory, error) {
	found := map[string]int64{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		name, rest, _ := strings.Cut(s.Text(), ":")
		if fields := strings.Fields(rest); len(fields) == 2 && fields[1] == "kB" {
			if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				found[name] = n << 10
			}
		}
	}
	m := Memory{RSS: found["Rss"], PSS: found["Pss"]}
	if m.RSS == 0 || m.PSS == 0 {
		return m, fmt.Errorf("smaps_rollup says no Rss and Pss")
	}
	return m, nil
}
