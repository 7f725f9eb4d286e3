// Package config is the command line: flags over environment over file, with defaults that work, checked at start.
//
// The structs here are declared once, for kong, and handed to the parts as they are. Nothing in this package starts
// anything.
package config

import (
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"salon/internal/chat"
	"salon/internal/lang"
)

// CLI is everything that may stand behind the program's name.
type CLI struct {
	Config kong.ConfigFlag `help:"Read settings from this file: lines of KEY=VALUE, keys as the flags are called (HOST and PORT as in the course)." placeholder:"FILE" type:"path"`
	Lang   string          `help:"Language to speak: fr or en." enum:"fr,en,auto" default:"auto"`

	Serve   Serve   `cmd:"" default:"withargs" help:"Open the rooms (the default command)."`
	Chat    Chat    `cmd:"" help:"Talk in the terminal, or as a pipe."`
	Echo    Echo    `cmd:"" help:"Course step 1: answer each text, or ask such a server."`
	Migrate Migrate `cmd:"" help:"Carry a history from one store to another."`
	Version Version `cmd:"" help:"Print the version."`

	Exposed []string `kong:"-"` // the arguments that show a password to other users of this machine; see exposed
}

// Address is where a server listens, or where to find it.
type Address struct {
	Address string `short:"a" help:"Address (host)." default:"127.0.0.1" aliases:"host"`
	Port    int    `short:"p" help:"Port; 0 takes a free one." default:"8888"`
}

// String gives "host:port".
func (a Address) String() string { return net.JoinHostPort(a.Address, strconv.Itoa(a.Port)) }

func (a *Address) check() error {
	if a.Address = strings.TrimSpace(a.Address); a.Address == "" {
		return chat.Problemf("--address is empty: 127.0.0.1 is this machine only, 0.0.0.0 every network it is in")
	}
	if host, ok := strings.CutPrefix(a.Address, "["); ok { // IPv6 as it stands in a URL
		a.Address = strings.TrimSuffix(host, "]")
	}
	if a.Port < 0 || a.Port > math.MaxUint16 {
		return chat.Problemf("--port: %d is not between 0 and %d", a.Port, math.MaxUint16)
	}
	return nil
}

// Serve is the server's configuration.
type Serve struct {
	Address `embed:""`

	Data      string `help:"Folder of the embedded store." type:"path" placeholder:"DIR"`
	Redis     string `help:"Keep who is connected in Redis, and reach the other nodes through it: redis://[user:password@]host:port[,host:port…][/db]." placeholder:"URL"`
	Mongo     string `help:"Keep the history in MongoDB instead of the embedded store: mongodb://[user:password@]host:port[,…]/[database]." placeholder:"URI"`
	RedisFile string `help:"Read what --redis would say from this file: other users of the machine can see a flag." type:"path" placeholder:"FILE"`
	MongoFile string `help:"Read what --mongo would say from this file." type:"path" placeholder:"FILE"`
	LogFile   string `help:"Write the log to this file instead of the terminal." type:"path" placeholder:"FILE"`
	LogLevel  string `help:"Least level that is logged: debug, info, warn, error." enum:"debug,info,warn,error" default:"info"`

	MaxText       int     `help:"Longest text, in bytes." default:"65536"`
	MaxRate       float64 `help:"Sends per second of one session, with a burst of twice as many; 0 for no limit." default:"20"`
	MaxRooms      int     `help:"Rooms that one session may be in at once." default:"50"`
	MaxPerAddress int     `help:"Connections from one address; 0 for no limit." default:"1000"`
	MaxFrame      int     `help:"Longest message to the server, in bytes." default:"524288"`
	Queue         int     `help:"Bytes that may wait for one connection before it is told that it lags." default:"262144"`

	NameHold time.Duration `help:"How long a name stays its user's after it left." default:"1h"`
	Ping     time.Duration `help:"Between pings; who is silent for three is gone." default:"25s"`
	Hello    time.Duration `help:"Time for a new connection to say who it is." default:"10s" name:"hello-timeout"`
	Stop     time.Duration `help:"Time to end in order when told to stop." default:"10s" name:"stop-timeout"`

	Origin   []string `help:"Web pages from these hosts may connect too (host or host:port; * for all)." placeholder:"HOST"`
	Proxy    []string `help:"Believe X-Forwarded-For from these addresses (address or CIDR)." placeholder:"CIDR"`
	TLSCert  string   `help:"Serve https and wss with this certificate (PEM)." type:"path" placeholder:"FILE"`
	TLSKey   string   `help:"The certificate's key (PEM)." type:"path" placeholder:"FILE"`
	Compress bool     `help:"Offer permessage-deflate." default:"true" negatable:""`
	Poll     bool     `help:"Wait for all connections with one goroutine, so that an idle connection takes less memory. Elsewhere than on Linux each connection has a goroutine of its own, as with --no-poll." default:"true" negatable:""`
	Metrics  bool     `help:"Serve /metrics." default:"true" negatable:""`

	Exposed []string `kong:"-"` // as CLI.Exposed
}

// Chat is the terminal client's configuration.
type Chat struct {
	URL     string `arg:"" optional:"" help:"Server, as ws://host:port; else --address and --port."`
	Address `embed:""`

	Room    []string `short:"r" help:"Rooms to join; the first is where one speaks." default:"lobby"`
	Name    string   `short:"n" help:"Your name."`
	Token   string   `help:"Be the user whose token this is, instead of one that this machine keeps. Others can see a flag: better by the environment."`
	LogFile string   `help:"Keep the talk in this file." type:"path" placeholder:"FILE"`
	Color   string   `help:"Colours: auto, always, never." enum:"auto,always,never" default:"auto"`
	JSON    bool     `help:"As a pipe: a line out is a JSON event."`
	Follow  bool     `short:"f" help:"As a pipe: go on after the input's end."`
	Last    *int     `help:"How many earlier messages to begin with, 0 for none (by itself 50 in a terminal, none in a pipe)." placeholder:"N"`
}

// Echo is course step 1.
type Echo struct {
	Address `embed:""`

	To  string `help:"Ask this server instead of being one." placeholder:"URL"`
	Raw bool   `help:"Echo text and binary exactly, up to 16 MiB."`
}

// Migrate carries a history from one store to another.
type Migrate struct {
	From string `arg:"" help:"The store to read: the data folder of an embedded one, mongodb://…, or @FILE, a file that holds such a line."`
	To   string `arg:"" help:"The store to write: empty, or an earlier try's."`
}

// Version prints the version.
type Version struct{}

const description = "A chat-room server to run yourself."

// Parse reads the command line. It writes help to out. done is true when that was all that was asked. Errors are one line,
// in English; [lang.Lang.Problem] says them in another language.
func Parse(args []string, out io.Writer) (cli *CLI, command string, done bool, err error) {
	cli = &CLI{}
	l := Spoken(args)
	k, err := kong.New(cli,
		kong.Name("salon"),
		kong.Description(description),
		kong.DefaultEnvars("SALON"),
		kong.Configuration(loadFile),
		kong.Writers(out, out),
		kong.Exit(func(int) { done = true }),
		kong.Help(helpIn(l)),
		kong.KindMapper(reflect.Int, wholeNumber), kong.KindMapper(reflect.Float64, number),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), duration),
	)
	if err != nil {
		return nil, "", false, err
	}
	translate(k.Model.Node, l)
	ctx, err := k.Parse(asCommand(args))
	if done {
		return cli, "", true, nil
	}
	if err != nil {
		return nil, "", false, explain(k.Model, args, err)
	}
	command = ctx.Selected().Name
	cli.Exposed = exposed(args)
	cli.Serve.Exposed = cli.Exposed
	return cli, command, false, cli.check(command)
}

// asCommand understands what many programs take for a version and for help.
func asCommand(args []string) []string {
	if len(args) == 0 {
		return args
	}
	switch args[0] {
	case "--version":
		return append([]string{"version"}, args[1:]...)
	case "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// check says what is wrong with the settings of a command, and fills what depends on the machine.
func (c *CLI) check(command string) error {
	switch command {
	case "serve":
		return c.Serve.check()
	case "chat":
		return c.Chat.check()
	case "echo":
		return c.Echo.check()
	case "migrate":
		return c.Migrate.check()
	}
	return nil
}

func (s *Serve) check() error {
	if s.Data == "" {
		s.Data = dataDir()
	}
	for _, least := range []struct {
		flag       string
		value, min int
	}{
		{"--max-text", s.MaxText, 1}, {"--max-rooms", s.MaxRooms, 1}, {"--max-per-address", s.MaxPerAddress, 0},
		{"--max-frame", s.MaxFrame, 1024}, {"--queue", s.Queue, 4096},
	} {
		if least.value < least.min {
			return chat.Problemf("%s: %d is less than %d", least.flag, least.value, least.min)
		}
	}
	switch {
	case s.MaxRate < 0 || math.IsNaN(s.MaxRate):
		return chat.Problemf("--max-rate: %v is less than 0", s.MaxRate)
	case s.MaxText > s.MaxFrame:
		return chat.Problemf("--max-text: %d bytes do not fit into --max-frame %d", s.MaxText, s.MaxFrame)
	case s.NameHold < 0:
		return chat.Problemf("--name-hold: %v is less than 0", s.NameHold)
	case s.Ping < time.Second || s.Hello <= 0 || s.Stop <= 0:
		return chat.Problemf("--ping is at least 1s, --hello-timeout and --stop-timeout are more than 0")
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return chat.Problemf("--tls-cert and --tls-key go together")
	}
	if err := fromFile("redis", s.RedisFile, &s.Redis); err != nil {
		return err
	}
	if err := fromFile("mongo", s.MongoFile, &s.Mongo); err != nil {
		return err
	}
	if s.Redis != "" && !strings.HasPrefix(s.Redis, "redis://") && !strings.HasPrefix(s.Redis, "rediss://") {
		return chat.Problemf("--redis: the URL does not start with redis:// or rediss://")
	}
	return s.Address.check()
}

// Limits gives what welcome.limits tells.
func (s *Serve) Limits() chat.Limits {
	return chat.Limits{Text: s.MaxText, Rate: s.MaxRate, Rooms: s.MaxRooms, Frame: s.MaxFrame}
}

func (c *Chat) check() error {
	if c.Last != nil && *c.Last < 0 {
		return chat.Problemf("--last: %d is less than 0", *c.Last)
	}
	return c.Address.check()
}

func (m *Migrate) check() error {
	if err := store(&m.From); err != nil {
		return err
	}
	return store(&m.To)
}

func (e *Echo) check() error { return e.Address.check() }

// Language gives the language to speak: the flag's, else the environment's, else usual.
func (c *CLI) Language(usual lang.Lang) lang.Lang {
	if l, ok := lang.Parse(c.Lang); ok {
		return l
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if l, ok := lang.Parse(v); ok {
				return l
			}
			return lang.English
		}
	}
	return usual
}

// dataDir is where data of this user's programs belongs.
func dataDir() string {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "salon")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "salon-data"
	}
	switch runtime.GOOS {
	case "windows", "darwin", "ios":
		if d, err := os.UserConfigDir(); err == nil {
			return filepath.Join(d, "salon")
		}
	}
	return filepath.Join(home, ".local", "share", "salon")
}
