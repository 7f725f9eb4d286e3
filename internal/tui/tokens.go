package tui

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"salon/internal/chat"
)

// tokens is the file by which a server recognises users: for each server, a token for each name. Only its owner can read it.
type tokens struct{ path string }

// book is what the file holds: server (as [serverKey] has it), then name (as [chat.NameKey] has it), then token.
type book map[string]map[string]string

func openTokens(dir string) (tokens, error) {
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return tokens{}, err
		}
		dir = filepath.Join(base, "salon")
	}
	return tokens{filepath.Join(dir, "tokens.json")}, nil
}

// load returns the token for a name on a server; "" if there is none.
func (t tokens) load(server, name string) (string, error) {
	b, err := t.read()
	return b[serverKey(server)][chat.NameKey(name)], err
}

func (t tokens) read() (book, error) {
	b := book{}
	if t.path == "" {
		return b, nil
	}
	data, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return book{}, fmt.Errorf("%s: %w", t.path, err)
	}
	for _, names := range b {
		useKeys(names)
	}
	b.useServerKeys()
	return b, nil
}

// serverKey returns the URL under which the tokens for a server are kept. It is the same for all the ways to write the URL,
// and for all the names of this machine: a server here is the same one at localhost, 127.0.0.1 and [::1].
func serverKey(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return server
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	ip, err := netip.ParseAddr(host)
	if ip = ip.Unmap(); err == nil {
		host = ip.String()
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || ip.IsUnspecified() || ip.Is6() && ip.IsLoopback() {
		host = "127.0.0.1"
	}
	if u.Scheme == "ws" && port == "80" || u.Scheme == "wss" && port == "443" {
		port = ""
	}
	u.Host = host
	if port != "" {
		u.Host = net.JoinHostPort(host, port)
	} else if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// useServerKeys moves tokens to the keys of their servers. Earlier versions kept them under the URL as it was asked for. A
// token stays where it is when there is another one for its name.
func (b book) useServerKeys() {
	for _, server := range slices.Sorted(maps.Keys(b)) {
		key := serverKey(server)
		if key == server {
			continue
		}
		if b[key] == nil {
			b[key] = map[string]string{}
		}
		for name, token := range b[server] {
			if _, ok := b[key][name]; !ok {
				b[key][name] = token
				delete(b[server], name)
			}
		}
		if len(b[server]) == 0 {
			delete(b, server)
		}
	}
}

// useKeys moves tokens to the keys of their names. Earlier versions did not fold Unicode's compatible forms in a key.
func useKeys(names map[string]string) {
	for name, token := range maps.Clone(names) {
		key := chat.NameKey(name)
		if _, ok := names[key]; key != name && !ok {
			delete(names, name)
			names[key] = token
		}
	}
}

// save writes a token to the file, or removes it when token is "". Other processes may do the same at once.
func (t tokens) save(server, name, token string) error {
	if t.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return err
	}
	unlock, err := t.lock()
	if err != nil {
		return err
	}
	defer unlock()
	b, err := t.read()
	if err != nil {
		return err
	}
	server = serverKey(server)
	if b[server] == nil {
		b[server] = map[string]string{}
	}
	b[server][chat.NameKey(name)] = token
	if token == "" {
		delete(b[server], chat.NameKey(name))
	}
	data, err := json.MarshalIndent(b, "", "\t")
	if err != nil {
		return err
	}
	return replaceFile(t.path, append(data, '\n'))
}

// staleLock is the age at which a lock file counts as left behind by a process that died. A save takes milliseconds, and
// on a busy machine perhaps a second.
const staleLock = 30 * time.Second

// lock keeps other processes from changing the file. It makes a second file, which only one process can make.
func (t tokens) lock() (unlock func(), err error) {
	path := t.path + ".lock"
	for deadline := time.Now().Add(2 * staleLock); ; time.Sleep(20 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			f.Close()
			return func() { os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) || time.Now().After(deadline) {
			return nil, err
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > staleLock {
			os.Remove(path)
		}
	}
}

// replaceFile replaces the file at path by data as a whole or not at all. Only its owner can read it.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), strings.TrimPrefix(filepath.Base(path), ".")+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
