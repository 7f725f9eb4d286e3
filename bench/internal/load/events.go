package load

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
)

// seen is what a member read in full has seen, to tell what is missing, twice or out of order.
type seen struct {
	sequence uint64      // of the last event; 0 before
	from     map[int]int // sender: the number of its last send
}

// next notes an event, and says what is wrong with it as the next. Sequence is 0 where the server gives none.
func (s *seen) next(st stamp, sequence uint64) error {
	if s.from == nil {
		s.from = map[int]int{}
	}
	if last := s.from[st.sender]; st.n != last+1 {
		return fmt.Errorf("send %d of member %d came after its send %d", st.n, st.sender, last)
	}
	s.from[st.sender] = st.n
	if s.sequence > 0 && sequence != s.sequence+1 {
		return fmt.Errorf("event %d came after event %d", sequence, s.sequence)
	}
	s.sequence = sequence
	return nil
}

func countMarkers(p []byte) int { return bytes.Count(p, []byte{marker}) }

// event takes a message that came once all had joined.
func (f *Fleet) event(m *member, payload []byte) error {
	if err := f.plan.Dialect.Trouble(payload); err != nil {
		return err
	}
	if f.marks.Presence != nil {
		f.counters.Presence += int64(bytes.Count(payload, f.marks.Presence))
	}
	if f.marks.Ack != nil {
		f.counters.Acks += int64(bytes.Count(payload, f.marks.Ack))
	}
	now := f.now()
	for {
		i := bytes.IndexByte(payload, marker)
		if i < 0 {
			return nil
		}
		st, ok := readStamp(payload[i:])
		if !ok {
			return fmt.Errorf("a text begins with %.40q", payload[i:])
		}
		if err := m.seen.next(st, f.sequence(payload[:i])); err != nil {
			return err
		}
		m.count++
		f.counters.Deliveries++
		f.counters.Full++
		if m.sample {
			f.latencies = append(f.latencies, now-st.at)
		}
		if st.sender == m.index {
			f.own(m)
		}
		payload = payload[i+1:]
	}
}

// sequence reads the number of the event in whose text p ends.
func (f *Fleet) sequence(p []byte) uint64 {
	if f.marks.Sequence == nil {
		return 0
	}
	i := bytes.LastIndex(p, f.marks.Sequence)
	if i < 0 {
		return 0
	}
	return readDecimal(p[i+len(f.marks.Sequence):])
}

// tail ends a message that was compressed by itself: RFC 7692, section 7.2.2, and an empty last block, so that the end is one.
const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

func inflate(p []byte) ([]byte, error) {
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p), strings.NewReader(tail)))
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	return b, nil
}
