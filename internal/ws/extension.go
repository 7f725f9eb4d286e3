package ws

import (
	"errors"
	"strconv"
	"strings"
)

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

// parseExtensions reads the header's lines; it fails where they are not as RFC 6455, section 9.1, has them.
//
// There a quoted value has to be a token too, so that commas, semicolons and equals signs always separate.
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
	serverWindow                     uint8 // 8 to 15; 0 where not given
	clientWindow                     bool  // client_max_window_bits is there, with or without a value
}

// parseDeflate reads the parameters; it is false where one is unknown, comes twice or has an invalid value. The value of
// client_max_window_bits is required in an answer only.
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

// acceptDeflate chooses the first offer that can be met. It returns the answer's header and the window for what the server
// sends; "" and 0 where there is no such offer.
//
// Any window can be met: a message larger than it goes uncompressed (see Message.frame). The client's window is its own
// affair, since inflating is always done with the largest.
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

// checkDeflateAnswer judges what a server answered to deflateOffer, and tells whether messages may be compressed.
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
