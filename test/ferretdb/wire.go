package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/bson"
)

// Numbers of MongoDB's wire protocol, from its specification ("MongoDB Wire Protocol").
const (
	opMsg      = 2013
	headerSize = 16
	maxMessage = 48 << 20
)

// request is an OP_MSG that a client sent.
type request struct {
	raw       []byte
	body      bson.Raw
	documents []bson.Raw // the documents that an insert sends in a section of their own; nil if there is no such section
}

// readMessage reads one message, whatever its kind.
func readMessage(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < headerSize || n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	m := make([]byte, n)
	copy(m, size[:])
	_, err := io.ReadFull(r, m[4:])
	return m, err
}

var errSections = errors.New("the sections of a message are broken")

// parse reads the sections of an OP_MSG. For other kinds of message it returns nil.
func parse(raw []byte) (*request, error) {
	if binary.LittleEndian.Uint32(raw[12:]) != opMsg {
		return nil, nil
	}
	if len(raw) < headerSize+5 {
		return nil, errSections
	}
	req := &request{raw: raw}
	for rest := raw[headerSize+4:]; len(rest) > 0; {
		kind := rest[0]
		section, err := prefix(rest[1:])
		if err != nil {
			return nil, err
		}
		rest = rest[1+len(section):]
		switch kind {
		case 0:
			req.body = bson.Raw(section)
		case 1:
			if req.documents, err = parseSequence(section); err != nil {
				return nil, err
			}
		default:
			return nil, errSections
		}
	}
	if req.body == nil {
		return nil, errSections
	}
	return req, nil
}

// prefix returns the part of b whose length is written in its first four bytes.
func prefix(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errSections
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 5 || uint64(n) > uint64(len(b)) {
		return nil, errSections
	}
	return b[:n], nil
}

// parseSequence reads a section of kind 1: its length, its name, and its documents.
func parseSequence(section []byte) ([]bson.Raw, error) {
	rest := section[4:]
	for len(rest) > 0 && rest[0] != 0 {
		rest = rest[1:]
	}
	docs := []bson.Raw{}
	if len(rest) == 0 {
		return nil, errSections
	}
	for rest = rest[1:]; len(rest) > 0; {
		doc, err := prefix(rest)
		if err != nil {
			return nil, err
		}
		docs, rest = append(docs, bson.Raw(doc)), rest[len(doc):]
	}
	return docs, nil
}

// with returns the message with these documents in place of its own.
func (req *request) with(documents []bson.Raw) []byte {
	const name = "documents\x00"
	size := 4 + len(name)
	for _, d := range documents {
		size += len(d)
	}
	m := append([]byte{}, req.raw[:headerSize+4]...)
	m = append(m, 0)
	m = append(m, req.body...)
	m = append(m, 1)
	m = binary.LittleEndian.AppendUint32(m, uint32(size))
	m = append(m, name...)
	for _, d := range documents {
		m = append(m, d...)
	}
	binary.LittleEndian.PutUint32(m, uint32(len(m)))
	return m
}

// reply returns the message that answers req with doc.
func (req *request) reply(doc any) ([]byte, error) {
	body, err := bson.Marshal(doc)
	if err != nil {
		return nil, err
	}
	m := make([]byte, headerSize+5, headerSize+5+len(body))
	m = append(m, body...)
	binary.LittleEndian.PutUint32(m, uint32(len(m)))
	copy(m[8:], req.raw[4:8]) // responseTo is the request's id
	binary.LittleEndian.PutUint32(m[12:], opMsg)
	return m, nil
}

// bodyOf returns the document of a reply.
func bodyOf(raw []byte) (bson.Raw, error) {
	reply, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if reply == nil {
		return nil, errSections
	}
	return reply.body, nil
}
