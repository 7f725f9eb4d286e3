// Package asyncapi holds docs/asyncapi.yaml to what the program really says: the golden frames are valid by it and are its
// examples, and every message, field and code of the code is in it.
package asyncapi

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"salon/internal/protocol"
)

const testdata = "../../internal/protocol/testdata/"

func golden[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	for s := bufio.NewScanner(f); s.Scan(); {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no frames", name)
	}
	return all
}

func TestAnswersAreValid(t *testing.T) {
	d := open(t)
	for _, g := range golden[struct{ Name, Frame string }](t, "answers.jsonl") {
		v := parse(t, []byte(g.Frame))
		m := d.find(t, object(t, v)["type"].(string), false)
		if err := m.schema.Validate(v); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
		if !m.hasExample(v) {
			t.Errorf("%s is no example of %s", g.Name, m.name)
		}
	}
}

// TestRequestsAreValid: what the server takes is valid, and what it answers with bad_request is not.
func TestRequestsAreValid(t *testing.T) {
	d := open(t)
	for _, g := range golden[struct{ Frame, Error string }](t, "requests.jsonl") {
		for line := range protocol.Requests([]byte(g.Frame)) {
			var v map[string]any
			if err := json.Unmarshal(line, &v); err != nil || v["type"] == nil {
				if g.Error == "" {
					t.Errorf("%s: %v", line, err)
				}
				continue
			}
			delete(v, "unknown") // ignored by the server; the schemas here are closed
			m := d.find(t, v["type"].(string), true)
			switch err := m.schema.Validate(asJSON(t, v)); {
			case g.Error == "" && err != nil:
				t.Errorf("%s: %v", line, err)
			case g.Error != "" && err == nil:
				t.Errorf("%s is valid, but the server answers %s", line, g.Error)
			}
		}
	}
}

func TestExamplesAreValid(t *testing.T) {
	for name, m := range open(t).messages {
		if len(m.examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, e := range m.examples {
			if err := m.schema.Validate(e); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestReferences: every reference leads somewhere, and every message is on the channel and in an operation.
func TestReferences(t *testing.T) {
	d := open(t)
	used := map[string]int{}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if r := ref(v); r != "" {
				d.at(t, r)
				used[r]++
			}
			for _, inner := range v {
				visit(inner)
			}
		case []any:
			for _, inner := range v {
				visit(inner)
			}
		}
	}
	visit(d.root)
	for name := range d.messages {
		if used["#/components/messages/"+name] != 1 || used["#/channels/salon/messages/"+name] == 0 {
			t.Errorf("%s is not once on the channel and in some operation", name)
		}
	}
	for name := range object(t, d.at(t, "#/components/schemas")) {
		if used["#/components/schemas/"+name] == 0 {
			t.Errorf("nothing refers to the schema %s", name)
		}
	}
}

func (m *message) hasExample(v any) bool {
	for _, e := range m.examples {
		if reflect.DeepEqual(e, v) {
			return true
		}
	}
	return false
}
