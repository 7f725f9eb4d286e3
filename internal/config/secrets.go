package config

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"salon/internal/chat"
)

// Other users of the machine can read a command line, so an address with a password can be given by a file instead.

// maxSecret bounds a file that holds an address, in bytes.
const maxSecret = 64 << 10

// fromFile fills an address from the file of its own flag.
func fromFile(flag, file string, to *string) error {
	if file == "" {
		return nil
	}
	if *to != "" {
		return chat.Problemf("--%s and --%s-file do not go together", flag, flag)
	}
	text, err := readSecret(file)
	if err != nil {
		return chat.Problemf("--%s-file: %w", flag, err)
	}
	*to = text
	return nil
}

// readSecret reads what stands in a file, without the spaces and line ends around it.
func readSecret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text := string(bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff"))))
	if text == "" || len(text) > maxSecret || strings.ContainsAny(text, "\r\n") {
		return "", chat.Problemf("%s does not hold one line", file)
	}
	return text, nil
}

// store reads the name of a store in the place of @FILE.
func store(name *string) error {
	file, ok := strings.CutPrefix(*name, "@")
	if !ok {
		return nil
	}
	text, err := readSecret(file)
	if err != nil {
		return err
	}
	*name = text
	return nil
}

// exposed lists, without their values, the arguments that show a password to other users of the machine: --redis for
// --redis=URL and --redis URL, and the URL's beginning for a plain argument.
func exposed(args []string) (names []string) {
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || !strings.HasPrefix(name, "--") {
			name, value = arg, arg
			if i > 0 && strings.HasPrefix(args[i-1], "--") && !strings.Contains(args[i-1], "=") {
				name = args[i-1]
			}
		}
		if !hasPassword(value) {
			continue
		}
		if !strings.HasPrefix(name, "--") {
			name, _, _ = strings.Cut(name, "://")
			name += "://…"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// hasPassword tells whether value is a URL with a password in it.
func hasPassword(value string) bool {
	_, rest, ok := strings.Cut(value, "://")
	if !ok {
		return false
	}
	at := strings.LastIndexByte(rest, '@') // a password that is not encoded as it should be may have one, too
	if at < 0 {
		return false
	}
	_, password, ok := strings.Cut(rest[:at], ":")
	return ok && password != ""
}
