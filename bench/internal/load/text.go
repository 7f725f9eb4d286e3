package load

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"time"
)

// marker stands once in every text that is sent, and nowhere else in what servers write: counting it counts deliveries.
const marker = '~'

// stamp is the beginning of every text: it tells when it was sent, by whom, and how many this one sent before.
type stamp struct {
	at     time.Duration // since the fleet's start
	sender int           // the connection's index
	n      int           // 1, 2, 3, …
}

// appendStamp writes s as "~at.sender.n ", numbers to base 36.
func appendStamp(dst []byte, s stamp) []byte {
	dst = append(dst, marker)
	dst = strconv.AppendInt(dst, int64(s.at), 36)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(s.sender), 36)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(s.n), 36)
	return append(dst, ' ')
}

// readStamp reads the stamp at the beginning of p.
func readStamp(p []byte) (stamp, bool) {
	if len(p) == 0 || p[0] != marker {
		return stamp{}, false
	}
	at, p, ok1 := readNumber(p[1:], '.')
	sender, p, ok2 := readNumber(p, '.')
	n, _, ok3 := readNumber(p, ' ')
	return stamp{time.Duration(at), int(sender), int(n)}, ok1 && ok2 && ok3
}

// readNumber reads a number to base 36 that end stands behind.
func readNumber(p []byte, end byte) (n int64, rest []byte, ok bool) {
	for i, c := range p {
		switch {
		case c == end:
			return n, p[i+1:], i > 0
		case '0' <= c && c <= '9':
			n = n*36 + int64(c-'0')
		case 'a' <= c && c <= 'z':
			n = n*36 + int64(c-'a') + 10
		default:
			return 0, nil, false
		}
	}
	return 0, nil, false
}

// readDecimal reads the number at the beginning of p; 0 where there is none.
func readDecimal(p []byte) (n uint64) {
	for _, c := range p {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// vocabulary makes texts that compress as talk does: words repeat, texts do not.
var vocabulary = bytes.Fields([]byte(`
the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what
all were we when your can said there use an each which she do how their if will up other about out many then them these
so some her would make like him into time has look two more write go see number no way could people my than first water
been call who oil its now find long down day did get come made may part over new sound take only little work know place
le la les de des un une et est pas que qui dans pour sur avec tout nous vous ils elle mais plus comme bien fait dire
alors encore salut merci demain matin soir train photo musique question réponse peut-être vraiment quelqu'un ensemble
server room message tonight meeting tomorrow coffee project idea thanks great maybe never always because already around`))

// lines are the texts behind the stamps.
type lines struct {
	all  []string
	next int
}

// newLines makes texts of 20 to 80 bytes, the same ones each time.
func newLines() *lines {
	r := rand.New(rand.NewPCG(2026, 11))
	l := &lines{}
	for range 1024 {
		var text []byte
		for want := 20 + r.IntN(60); len(text) <= want; {
			text = append(text, vocabulary[r.IntN(len(vocabulary))]...)
			text = append(text, ' ')
		}
		l.all = append(l.all, string(text[:len(text)-1]))
	}
	return l
}

func (l *lines) take() string {
	l.next = (l.next + 1) % len(l.all)
	return l.all[l.next]
}
