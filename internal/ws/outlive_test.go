package ws

import (
	"bytes"
	"fmt"
	"testing"
)

// TestMessageOutlivesClose: the message that Read returned stays unchanged until the next Read, also when another goroutine
// closes the connection meanwhile and the peer goes on sending.
func TestMessageOutlivesClose(t *testing.T) {
	t.Parallel()
	for _, compress := range []bool{false, true} {
		for _, size := range []int{10, 1000, 3000, 20000} {
			t.Run(fmt.Sprint(size, " bytes, compressed: ", compress), func(t *testing.T) {
				t.Parallel()
				testMessageOutlivesClose(t, compress, size)
			})
		}
	}
}

func testMessageOutlivesClose(t *testing.T, compress bool, size int) {
	want := bytes.Repeat([]byte("a"), size)
	read, sent := make(chan struct{}), make(chan struct{})
	s := serve(t, &Options{Compress: compress}, func(c *Conn) {
		_, p, err := c.Read()
		if err != nil {
			t.Error(err)
			return
		}
		c.Close(CloseGoingAway, "")
		close(read)
		<-sent
		<-c.Done() // the connection has read what the peer sent meanwhile
		for range 8 {
			getBuffer(size) // what was given back is used again
		}
		if !bytes.Equal(p, want) {
			t.Errorf("the message became %.40q…", p)
		}
	})
	c := dial(t, wsURL(s), &DialOptions{Compress: compress})
	c.Queue(NewMessage(Text, bytes.Clone(want)))
	c.Flush()
	<-read
	for range 20 {
		c.Queue(NewMessage(Text, bytes.Repeat([]byte("b"), size)))
	}
	c.Flush()
	close(sent)
	for {
		if _, _, err := c.Read(); err != nil {
			break
		}
	}
}
