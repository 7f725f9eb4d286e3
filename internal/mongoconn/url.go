package mongoconn

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// redacter replaces the password of uri wherever it shows, in both its spellings.
func redacter(uri string, o *options.ClientOptions) *strings.Replacer {
	var pairs []string
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		userinfo, _, _ := strings.Cut(rest, "@")
		if _, written, ok := strings.Cut(userinfo, ":"); ok && written != "" && strings.Contains(rest, "@") {
			pairs = append(pairs, written, "…")
		}
	}
	if o.Auth != nil && o.Auth.Password != "" {
		pairs = append(pairs, o.Auth.Password, "…")
	}
	return strings.NewReplacer(pairs...)
}

// databaseName chooses the database: the one asked for, else the one in the connection string, else "salon".
func databaseName(uri, asked string) string {
	if asked != "" {
		return asked
	}
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	if _, name, _ := strings.Cut(rest, "/"); name != "" {
		return name
	}
	return "salon"
}
