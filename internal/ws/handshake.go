package ws

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// terms are what the handshake agreed on, and the options. They are immutable, and shared by the parts of a connection.
type terms struct {
	opts        *Options
	subprotocol string // "" for none
	window      uint8  // of what this side sends, as an exponent; 0 means no compression in either direction
	client      bool   // this side is the client
}

// acceptSalt is defined by RFC 6455, section 1.3.
const acceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// acceptKey returns the value of Sec-WebSocket-Accept for a client's key.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + acceptSalt))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// blanks is optional white space in headers (RFC 9110, section 5.6.3).
const blanks = " \t"

// elements splits the lines of a header that is a list. Empty elements do not count (RFC 9110, section 5.6.1.2).
func elements(lines []string) (all []string) {
	for _, line := range lines {
		for e := range strings.SplitSeq(line, ",") {
			if e = strings.Trim(e, blanks); e != "" {
				all = append(all, e)
			}
		}
	}
	return all
}

// hasToken tells whether a header that is a list has this element, in any letter case.
func hasToken(lines []string, token string) bool {
	return slices.ContainsFunc(elements(lines), func(e string) bool { return strings.EqualFold(e, token) })
}

// isToken tells whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// unquote returns the content of a quoted string (RFC 9110, section 5.6.4). Any other string is returned as it is.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' {
			if s = s[1:]; s == "" {
				return `"` // the closing quote was escaped
			}
		}
		b.WriteByte(s[0])
	}
	return b.String()
}

const (
	deflateName  = "permessage-deflate"
	deflateOffer = deflateName + "; server_no_context_takeover; client_no_context_takeover"
)

var errExtensions = errors.New("malformed Sec-WebSocket-Extensions")

// extension is one element of a Sec-WebSocket-Extensions header.
type extension struct {
	name   string
	params []param
}

type param struct{ name, value string }

// parseExtensions reads the lines of the header. It fails when they do not follow RFC 6455, section 9.1.
//
// By that section a quoted value has to be a token, too. Commas, semicolons and equals signs therefore always separate.
func parseExtensions(lines []string) ([]extension, error) {
	var all []extension
	for _, element := range elements(lines) {
		name, params, more := strings.Cut(element, ";")
		e := extension{name: strings.Trim(name, blanks)}
		if !isToken(e.name) {
			return nil, errExtensions
		}
		for more {
			var p string
			p, params, more = strings.Cut(params, ";")
			key, value, hasValue := strings.Cut(p, "=")
			key, value = strings.Trim(key, blanks), unquote(strings.Trim(value, blanks))
			if !isToken(key) || hasValue && !isToken(value) {
				return nil, errExtensions
			}
			e.params = append(e.params, param{name: key, value: value})
		}
		all = append(all, e)
	}
	return all, nil
}

// deflateParams are the parameters of permessage-deflate (RFC 7692, section 7.1).
type deflateParams struct {
	serverNoContext, clientNoContext bool
	serverWindow                     uint8 // 8 to 15; 0 when not given
	clientWindow                     bool  // client_max_window_bits is given, with or without a value
}

// parseDeflate reads the parameters. It returns false when one is unknown, comes twice or has an invalid value. Only an
// answer has to give client_max_window_bits a value.
func parseDeflate(e extension, answer bool) (p deflateParams, ok bool) {
	seen := map[string]bool{}
	for _, param := range e.params {
		name := strings.ToLower(param.name)
		if seen[name] {
			return p, false
		}
		seen[name] = true
		switch bits, valid := windowBits(param.value); {
		case name == "server_no_context_takeover" && param.value == "":
			p.serverNoContext = true
		case name == "client_no_context_takeover" && param.value == "":
			p.clientNoContext = true
		case name == "server_max_window_bits" && valid:
			p.serverWindow = bits
		case name == "client_max_window_bits" && (valid || !answer && param.value == ""):
			p.clientWindow = true
		default:
			return p, false
		}
	}
	return p, true
}

func windowBits(s string) (uint8, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 8 || n > maxWindow || s != strconv.Itoa(n) {
		return 0, false
	}
	return uint8(n), true
}

// acceptDeflate chooses the first offer that can be accepted. It returns the answer's header and the window for what the
// server sends, or "" and 0 when there is no such offer.
//
// Any window can be accepted: a message that is larger than the window is sent uncompressed (see Message.frame). The
// client's window does not matter, because inflating always uses the largest.
func acceptDeflate(lines []string) (answer string, window uint8, err error) {
	offers, err := parseExtensions(lines)
	if err != nil {
		return "", 0, err
	}
	for _, offer := range offers {
		if !strings.EqualFold(offer.name, deflateName) {
			continue
		}
		p, ok := parseDeflate(offer, false)
		if !ok {
			continue
		}
		if p.serverWindow == 0 {
			return deflateOffer, maxWindow, nil
		}
		return deflateOffer + "; server_max_window_bits=" + strconv.Itoa(int(p.serverWindow)), p.serverWindow, nil
	}
	return "", 0, nil
}

// checkDeflateAnswer checks what a server answered to deflateOffer, and tells whether messages may be compressed.
func checkDeflateAnswer(lines []string, offered bool) (bool, error) {
	answers, err := parseExtensions(lines)
	if err != nil || len(answers) == 0 {
		return false, err
	}
	if !offered || len(answers) > 1 || !strings.EqualFold(answers[0].name, deflateName) {
		return false, errors.New("an extension that was not offered")
	}
	p, ok := parseDeflate(answers[0], true)
	if !ok || !p.serverNoContext || p.clientWindow {
		return false, errors.New("permessage-deflate with parameters that were not offered")
	}
	return true, nil
}
