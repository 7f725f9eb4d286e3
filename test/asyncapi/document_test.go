package asyncapi

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// document is docs/asyncapi.yaml.
type document struct {
	root     map[string]any // as JSON is read by package jsonschema
	messages map[string]*message
}

// message is one of components.messages.
type message struct {
	name     string
	request  bool   // the server receives it
	typ      string // the constant of its field "type"
	payload  map[string]any
	examples []any
	schema   *jsonschema.Schema // strict: a field that the document does not name is a fault
}

const file = "../../docs/asyncapi.yaml"

func open(t *testing.T) *document {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var parsed any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	d := &document{root: object(t, asJSON(t, parsed)), messages: map[string]*message{}}
	received := d.received(t)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	if err := c.AddResource("asyncapi.json", closed(asJSON(t, parsed))); err != nil {
		t.Fatal(err)
	}
	for name, v := range object(t, d.at(t, "#/components/messages")) {
		m := &message{name: name, request: received[name]}
		def := object(t, v)
		m.payload = object(t, d.follow(t, def["payload"]))
		m.typ, _ = object(t, object(t, m.payload["properties"])["type"])["const"].(string)
		examples, _ := def["examples"].([]any)
		for _, e := range examples {
			m.examples = append(m.examples, object(t, e)["payload"])
		}
		if m.schema, err = c.Compile("asyncapi.json#/components/messages/" + name + "/payload"); err != nil {
			t.Fatal(err)
		}
		d.messages[name] = m
	}
	return d
}

// received tells by name which messages operations have the server receive.
func (d *document) received(t *testing.T) map[string]bool {
	names := map[string]bool{}
	for _, v := range object(t, d.at(t, "#/operations")) {
		op := object(t, v)
		messages, _ := op["messages"].([]any)
		for _, m := range messages {
			if op["action"] == "receive" {
				names[lastOf(ref(m))] = true
			}
		}
	}
	return names
}

// find gives the message of a type in a direction.
func (d *document) find(t *testing.T, typ string, request bool) *message {
	t.Helper()
	for _, m := range d.messages {
		if m.typ == typ && m.request == request {
			return m
		}
	}
	t.Fatalf("no message of type %q (request: %t) in %s", typ, request, file)
	return nil
}

// at follows a pointer such as "#/components/messages".
func (d *document) at(t *testing.T, pointer string) any {
	t.Helper()
	var v any = d.root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		next, ok := object(t, v)[step]
		if !ok {
			t.Fatalf("%s: nothing at %s", file, pointer)
		}
		v = next
	}
	return v
}

// follow gives what v refers to, v itself when it is no reference.
func (d *document) follow(t *testing.T, v any) any {
	t.Helper()
	for ref(v) != "" {
		v = d.at(t, ref(v))
	}
	return v
}

func ref(v any) string {
	m, _ := v.(map[string]any)
	s, _ := m["$ref"].(string)
	return s
}

func lastOf(pointer string) string { return pointer[strings.LastIndex(pointer, "/")+1:] }

// closed makes objects refuse the fields that they do not name, so that a field added in the code and forgotten in the
// document shows. Clients do the contrary: they ignore what they do not know.
func closed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closed(inner)
		}
	case []any:
		for _, inner := range v {
			closed(inner)
		}
	}
	return v
}

// asJSON gives v as package jsonschema reads JSON, numbers unrounded.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b)
}

func parse(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

func object(t *testing.T, v any) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%v is no object", v)
	}
	return m
}
