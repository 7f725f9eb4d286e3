package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

// FerretDB v1 stores a document as JSON, with a description of its fields under "$s": their order, and of each the type
// (package sjson of FerretDB describes the format). The proxy reads the types that Salon stores.

type description struct {
	Fields map[string]field `json:"p"`
	Order  []string         `json:"$k"`
}

type field struct {
	Type    string       `json:"t"`
	Object  *description `json:"$s"` // of an object
	Items   []field      `json:"i"`  // of an array
	Subtype byte         `json:"s"`  // of binary data
}

var errFormat = errors.New("a stored document is not as FerretDB stores them")

// decode reads a stored document.
func decode(text []byte) (bson.D, error) {
	var whole struct {
		Description *description `json:"$s"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	return decodeObject(text, whole.Description)
}

func decodeObject(text []byte, described *description) (bson.D, error) {
	if described == nil {
		return nil, errFormat
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	doc := bson.D{}
	for _, key := range described.Order {
		value, err := described.Fields[key].decode(values[key])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		doc = append(doc, bson.E{Key: key, Value: value})
	}
	return doc, nil
}

func (f field) decode(text json.RawMessage) (any, error) {
	switch f.Type {
	case "object":
		return decodeObject(text, f.Object)
	case "array":
		return f.decodeArray(text)
	case "string":
		return decodeAs[string](text)
	case "bool":
		return decodeAs[bool](text)
	case "double":
		return decodeAs[float64](text)
	case "int":
		return decodeAs[int32](text)
	case "long":
		return decodeAs[int64](text)
	case "date":
		ms, err := decodeAs[int64](text)
		return primitive.DateTime(ms), err
	case "null":
		return nil, nil
	case "objectId":
		return decodeAs[primitive.ObjectID](text)
	case "binData":
		encoded, err := decodeAs[string](text)
		if err != nil {
			return nil, err
		}
		data, err := base64.StdEncoding.DecodeString(encoded)
		return primitive.Binary{Subtype: f.Subtype, Data: data}, err
	}
	return nil, fmt.Errorf("%w: the type %q", errFormat, f.Type)
}

func (f field) decodeArray(text json.RawMessage) (bson.A, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	if len(values) != len(f.Items) {
		return nil, errFormat
	}
	list := bson.A{}
	for i, v := range values {
		item, err := f.Items[i].decode(v)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

func decodeAs[T any](text json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(text, &v)
	return v, err
}
