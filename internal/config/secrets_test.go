package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"salon/internal/lang"
)

const (
	redisURL = "redis://salon:hunter2@redis.internal:6379/1"
	mongoURL = "mongodb://salon:hunter2@m1.internal,m2.internal/salon"
)

func TestAddressesFromFiles(t *testing.T) {
	redis, mongo := written(t, redisURL+"\n"), written(t, "\ufeff  "+mongoURL+"\r\n\r\n")
	check := func(how string, cli *CLI, err error) {
		t.Helper()
		if err != nil || cli.Serve.Redis != redisURL || cli.Serve.Mongo != mongoURL || len(cli.Exposed) != 0 {
			t.Errorf("%s: %+v, %v", how, cli, err)
		}
	}
	cli, err := parse(t, "serve", "--redis-file", redis, "--mongo-file="+mongo)
	check("by flags", cli, err)
	cli, err = parse(t, "--config", written(t, "REDIS_FILE="+redis+"\nmongo-file="+mongo))
	check("by the config file", cli, err)
	t.Setenv("SALON_REDIS_FILE", redis)
	t.Setenv("SALON_MONGO", mongoURL)
	cli, err = parse(t)
	check("by the environment", cli, err)
	if _, err := parse(t, "--redis", redisURL); err == nil || !strings.Contains(err.Error(), "--redis and --redis-file") {
		t.Errorf("both: %v", err)
	}
}

func TestAddressFilesThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"missing":   {filepath.Join(t.TempDir(), "none"), "--mongo-file : impossible d’ouvrir"},
		"empty":     {written(t, " \n"), "ne contient pas une ligne"},
		"two lines": {written(t, mongoURL+"\n"+mongoURL), "ne contient pas une ligne"},
		"a folder":  {t.TempDir(), "c’est un dossier"},
	} {
		_, err := parse(t, "serve", "--mongo-file", c.file)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		if got := lang.French.Problem(err); !strings.Contains(got, c.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: said %q, want %q", name, got, c.want)
		}
	}
	if _, err := parse(t, "serve", "--redis-file", written(t, "localhost:6379")); err == nil || !strings.Contains(err.Error(), "redis://") {
		t.Errorf("a file without a URL: %v", err)
	}
}

func TestMigrateFromFiles(t *testing.T) {
	uri := written(t, mongoURL+"\n")
	cli, err := parse(t, "migrate", "/var/lib/salon", "@"+uri)
	if err != nil || cli.Migrate.From != "/var/lib/salon" || cli.Migrate.To != mongoURL || len(cli.Exposed) != 0 {
		t.Errorf("%+v, %v", cli.Migrate, err)
	}
	if _, err := parse(t, "migrate", "@/no/such/file", "x"); err == nil || !os.IsNotExist(unwrapped(err)) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func unwrapped(err error) error {
	if p, ok := err.(interface{ Unwrap() []error }); ok && len(p.Unwrap()) > 0 {
		return p.Unwrap()[0]
	}
	return err
}

// TestExposedPasswords finds the passwords that other users of the machine can read in the command line.
func TestExposedPasswords(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, nil},
		{[]string{"serve", "--redis", redisURL}, []string{"--redis"}},
		{[]string{"serve", "--redis=" + redisURL, "--mongo", mongoURL}, []string{"--redis", "--mongo"}},
		{[]string{"--mongo=mongodb+srv://:p:w@h/?a=b"}, []string{"--mongo"}},
		{[]string{"--redis", "rediss://:pw@h"}, []string{"--redis"}},
		{[]string{"migrate", mongoURL, "mongodb+srv://a:b@c"}, []string{"mongodb://…", "mongodb+srv://…"}},
		{[]string{"serve", "--redis", "redis://h:6379", "--mongo=mongodb://u@h:1,i:2/d?x=y"}, nil},
		{[]string{"serve", "--redis", "redis://u:@h"}, nil},
	} {
		if got := exposed(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
	cli, err := parse(t, "serve", "--redis", redisURL)
	if err != nil || !slices.Equal(cli.Exposed, []string{"--redis"}) || !slices.Equal(cli.Serve.Exposed, cli.Exposed) {
		t.Errorf("%+v, %v", cli, err)
	}
}
