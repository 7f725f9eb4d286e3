package lang

import (
	"regexp"
	"sync"
)

// Problem says in the language why the program cannot start, or what the system answered. What comes from libraries and from
// the system is known by its words; what is not known stays as it is.
func (l Lang) Problem(err error) string {
	text := err.Error()
	if l != French {
		return text
	}
	for _, p := range problems() {
		text = p.english.ReplaceAllString(text, p.french)
	}
	return text
}

type problem struct {
	english *regexp.Regexp
	french  string
}

var problems = sync.OnceValue(func() []problem {
	all := make([]problem, len(frenchProblems))
	for i, p := range frenchProblems {
		all[i] = problem{regexp.MustCompile(p[0]), p[1]}
	}
	return all
})

// frenchProblems are done one after the other, each on what the one before left.
var frenchProblems = [][2]string{
	// The command line.
	{`, did you mean one of (.+)\?`, `, vouliez-vous dire l’une de ces options : $1 ?`},
	{`, did you mean (.+)\?`, `, vouliez-vous dire $1 ?`},
	{`; perhaps try (.+)\?`, ` ; essayez $1`},
	{`unknown flag (\S+)`, `option inconnue : $1`},
	{`unexpected (?:flag )?argument (\S+)`, `argument inattendu : $1`},
	{`^expected (?:one of )?"(<.+)"`, `il manque $1`},
	{`expected (?:a valid \d+ bit int|an int|int value) but got (".*?")(?: \(\w[\w ]*\))?`, `un nombre entier est attendu, et non $1`},
	{`expected (?:a float|float value) but got (".*?")(?: \(\w[\w ]*\))?`, `un nombre est attendu, et non $1`},
	{`expected duration(?: value)? but got (".*?")(?:: .*| \(\w[\w ]*\))?`, `une durée est attendue (10s, 5m, 1h), et non $1`},
	{`expected \w+ value but got (".*?")(?: \(\w[\w ]*\))?`, `une valeur est attendue, et non $1`},
	{`bool value must be true, 1, yes, false, 0 or no but got`, `true ou false est attendu, et non`},
	{`must be one of (.+) but got`, `doit valoir l’un de $1, et non`},
	{`flag (\S+) applies to the default command (\S+), not (\S+)`, `l’option $1 est de la commande $2, et non de $3`},

	// What the settings say together.
	{`(\S+) is less than (\S+)`, `$1 est inférieur à $2`},
	{`(\S+) is not between (\S+) and (\S+)`, `$1 n’est pas entre $2 et $3`},
	{`(\d+) bytes do not fit into (\S+) (\d+)`, `$1 octets ne tiennent pas dans $2 $3`},
	{`--ping is at least 1s, --hello-timeout and --stop-timeout are more than 0`,
		`--ping est d’au moins 1s, --hello-timeout et --stop-timeout doivent dépasser 0`},
	{`(--\S+) and (--\S+) go together`, `$1 et $2 vont ensemble`},
	{`--address is empty: 127.0.0.1 is this machine only, 0.0.0.0 every network it is in`,
		`--address est vide : 127.0.0.1 est cette machine seule, 0.0.0.0 tous les réseaux où elle est`},
	{`, line (\d+): KEY=VALUE expected`, `, ligne $1 : CLÉ=VALEUR est attendu`},
	{`, line (\d+): (".*") is no setting`, `, ligne $1 : $2 n’est pas un réglage`},
	{`(".*") is no address or CIDR`, `$1 n’est ni une adresse ni un CIDR`},
	{`(".*") is no host`, `$1 n’est pas un hôte`},
	{`mongo: the connection string is not valid: it is mongodb://\[user:password@\]host\[:port\]\[,…\]/\[database\]\[\?options\], with the password percent-encoded`,
		`l’adresse de MongoDB n’est pas valable : elle s’écrit mongodb://[utilisateur:mot de passe@]hôte[:port][,…]/[base][?options], le mot de passe encodé en pourcents`},
	{`the Redis URL does not start with (\S+) or (\S+)`, `l’URL de Redis ne commence ni par $1 ni par $2`},

	{`the server's address is empty`, `l’adresse du serveur est vide`},
	{`the server's address: unknown scheme (\S+)`, `l’adresse du serveur : protocole inconnu $1`},
	{`the server's address: no host in (\S+)`, `l’adresse du serveur : il n’y a pas d’hôte dans $1`},
	{`the server's address: `, `l’adresse du serveur : `},

	// What cannot be opened.
	{`listen on (\S+): `, `impossible d’écouter sur $1 : `},
	{`listen: listen tcp (\S+): `, `impossible d’écouter sur $1 : `},
	{`open the history in (.+?): `, `impossible d’ouvrir l’historique dans $1 : `},
	{`\bopen history(?: in \S+)?: `, ``},
	{`log file: `, `journal : `},
	{`certificate: `, `certificat : `},
	{`make the data folder: `, `impossible de créer le dossier de données : `},
	{`lock the data folder (.+?): `, `impossible de verrouiller le dossier de données $1 : `},
	{`the data folder is in use by another process`, `un autre processus utilise le dossier de données`},
	{`the data folder is in use by process (\d+)`, `le processus $1 utilise le dossier de données`},
	{`\bopen ([^:]+): `, `impossible d’ouvrir $1 : `},
	{`\bmkdir ([^:]+): `, `impossible de créer $1 : `},

	// What the system answers.
	{`\bbind: `, ``},
	{`\bconnect: `, ``},
	{`address already in use`, `l’adresse est déjà prise`},
	{`cannot assign requested address`, `cette adresse n’est pas à cette machine`},
	{`permission denied`, `accès refusé`},
	{`operation not permitted`, `opération interdite`},
	{`no such file or directory`, `il n’existe pas`},
	{`is a directory`, `c’est un dossier`},
	{`not a directory`, `ce n’est pas un dossier`},
	{`read-only file system`, `système de fichiers en lecture seule`},
	{`no space left on device`, `le disque est plein`},
	{`connection refused`, `connexion refusée`},
	{`connection reset by peer`, `connexion coupée`},
	{`no route to host`, `aucun chemin vers l’hôte`},
	{`network is unreachable`, `réseau inaccessible`},
	{`no such host`, `hôte inconnu`},
	{`i/o timeout|context deadline exceeded`, `pas de réponse`},
}
