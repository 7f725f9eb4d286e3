package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
)

// column holds the documents in FerretDB's tables.
const column = "_ferretdb_sjson"

// plain are the paths of fields that can stand in an expression as they are.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// path is the expression for a field: for a string its text, so that comparing goes by bytes as in MongoDB.
func path(field string) string { return column + `->>'$.` + field + `'` }

// query is a find command as SQL.
type query struct {
	where, order string
	args         []any
	limit        int64
	fields       []string // those to return besides _id; nil for all
}

// newQuery translates a find command whose filter compares fields with strings: equal, in a list, or in a range. It
// reports false for any other command.
func newQuery(command bson.Raw) (*query, bool) {
	elements, err := command.Elements()
	if err != nil {
		return nil, false
	}
	q := &query{}
	for _, e := range elements {
		ok := true
		switch v := e.Value(); e.Key() {
		case "filter":
			q.where, ok = q.filter(v.Document())
		case "sort":
			q.order, ok = sorting(v.Document())
		case "limit":
			q.limit, ok = v.AsInt64OK()
			ok = ok && q.limit >= 0
		case "projection":
			q.fields, ok = inclusion(v.Document())
		case "find", "singleBatch", "hint", "readConcern", "maxTimeMS", "lsid", "$db", "$clusterTime", "$readPreference":
			// FerretDB heeds none of these either, save maxTimeMS.
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return q, true
}

func (q *query) sql(table string) string {
	text := fmt.Sprintf("SELECT %s FROM %q", column, table)
	if q.where != "" {
		text += " WHERE " + q.where
	}
	if q.order != "" {
		text += " ORDER BY " + q.order
	}
	if q.limit > 0 {
		text += fmt.Sprint(" LIMIT ", q.limit)
	}
	return text
}

// filter translates a filter, and adds its strings to the arguments.
func (q *query) filter(filter bson.Raw) (string, bool) {
	elements, err := filter.Elements()
	if err != nil {
		return "", false
	}
	_, err = filter.LookupErr("_id")
	byID := err == nil
	var all []string
	for _, e := range elements {
		condition, ok := q.condition(e.Key(), e.Value(), byID && e.Key() != "_id")
		if !ok {
			return "", false
		}
		all = append(all, condition)
	}
	return strings.Join(all, " AND "), true
}

// condition translates one element of a filter. A condition on a field that is not to lead to an index gets a plus sign,
// by which SQLite leaves the index alone.
func (q *query) condition(field string, value bson.RawValue, noIndex bool) (string, bool) {
	if field == "$or" {
		return q.or(value)
	}
	if !plain.MatchString(field) {
		return "", false
	}
	at := path(field)
	if noIndex {
		at = "+(" + at + ")"
	}
	if text, ok := value.StringValueOK(); ok {
		q.args = append(q.args, text)
		return at + " = ?", true
	}
	doc, ok := value.DocumentOK()
	if !ok {
		return "", false
	}
	operators, err := doc.Elements()
	if err != nil || len(operators) == 0 {
		return "", false
	}
	var all []string
	for _, o := range operators {
		condition, ok := q.operator(at, o.Key(), o.Value())
		if !ok {
			return "", false
		}
		all = append(all, condition)
	}
	return strings.Join(all, " AND "), true
}

var comparisons = map[string]string{"$gt": " > ?", "$gte": " >= ?", "$lt": " < ?", "$lte": " <= ?"}

func (q *query) operator(at, operator string, value bson.RawValue) (string, bool) {
	if text, ok := value.StringValueOK(); ok && comparisons[operator] != "" {
		q.args = append(q.args, text)
		return at + comparisons[operator], true
	}
	list, ok := value.ArrayOK()
	if !ok || operator != "$in" {
		return "", false
	}
	values, err := list.Values()
	if err != nil {
		return "", false
	}
	for _, v := range values {
		text, ok := v.StringValueOK()
		if !ok {
			return "", false
		}
		q.args = append(q.args, text)
	}
	return at + " IN (" + strings.Join(slices.Repeat([]string{"?"}, len(values)), ", ") + ")", true
}

func (q *query) or(value bson.RawValue) (string, bool) {
	list, ok := value.ArrayOK()
	if !ok {
		return "", false
	}
	filters, err := list.Values()
	if err != nil || len(filters) == 0 {
		return "", false
	}
	var any []string
	for _, f := range filters {
		doc, ok := f.DocumentOK()
		if !ok {
			return "", false
		}
		condition, ok := q.filter(doc)
		if !ok || condition == "" {
			return "", false
		}
		any = append(any, condition)
	}
	return "(" + strings.Join(any, " OR ") + ")", true
}

func sorting(sort bson.Raw) (string, bool) {
	elements, err := sort.Elements()
	if err != nil {
		return "", false
	}
	var all []string
	for _, e := range elements {
		direction, ok := e.Value().AsInt64OK()
		if !ok || !plain.MatchString(e.Key()) || direction != 1 && direction != -1 {
			return "", false
		}
		all = append(all, path(e.Key())+map[int64]string{1: " ASC", -1: " DESC"}[direction])
	}
	return strings.Join(all, ", "), true
}

// inclusion reads a projection that names top-level fields to return.
func inclusion(projection bson.Raw) ([]string, bool) {
	elements, err := projection.Elements()
	if err != nil || len(elements) == 0 {
		return nil, false
	}
	fields := []string{}
	for _, e := range elements {
		if on, ok := e.Value().AsInt64OK(); !ok || on != 1 || strings.ContainsAny(e.Key(), ".$") {
			return nil, false
		}
		fields = append(fields, e.Key())
	}
	return fields, true
}

// project leaves the fields asked for in doc.
func (q *query) project(doc bson.D) bson.D {
	if q.fields == nil {
		return doc
	}
	return slices.DeleteFunc(doc, func(e bson.E) bool { return e.Key != "_id" && !slices.Contains(q.fields, e.Key) })
}
