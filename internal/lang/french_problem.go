package lang

// frenchProblem is what the programs say when they cannot start or go on.
var frenchProblem = map[string]string{
	// The command line.
	"unknown flag %s: --help lists the flags":                     "option inconnue : %s ; --help donne les options",
	"--%s is one of %s, not %q":                                   "--%s vaut l’un de %s, et non %q",
	"%s is missing":                                               "il manque %s",
	"the command line is not understood (%s); --help explains it": "la ligne de commande n’est pas comprise (%s) ; --help l’explique",
	"a whole number is expected, not %q":                          "un nombre entier est attendu, et non %q",
	"a number is expected, not %q":                                "un nombre est attendu, et non %q",
	"a duration is expected (10s, 5m, 1h), not %q":                "une durée est attendue (10s, 5m, 1h), et non %q",

	// What the settings say together.
	"%s: %d is less than %d":                                                             "%s : %d est inférieur à %d",
	"--max-rate: %v is less than 0":                                                      "--max-rate : %v est inférieur à 0",
	"--name-hold: %v is less than 0":                                                     "--name-hold : %v est inférieur à 0",
	"--last: %d is less than 0":                                                          "--last : %d est inférieur à 0",
	"--port: %d is not between 0 and %d":                                                 "--port : %d n’est pas entre 0 et %d",
	"--max-text: %d bytes do not fit into --max-frame %d":                                "--max-text : %d octets ne tiennent pas dans --max-frame %d",
	"--ping is at least 1s, --hello-timeout and --stop-timeout are more than 0":          "--ping est d’au moins 1s, --hello-timeout et --stop-timeout doivent dépasser 0",
	"--tls-cert and --tls-key go together":                                               "--tls-cert et --tls-key vont ensemble",
	"--address is empty: 127.0.0.1 is this machine only, 0.0.0.0 every network it is in": "--address est vide : 127.0.0.1 est cette machine seule, 0.0.0.0 tous les réseaux où elle est",
	"%s, line %d: KEY=VALUE expected":                                                    "%s, ligne %d : CLÉ=VALEUR est attendu",
	"%s, line %d: %q is no setting":                                                      "%s, ligne %d : %q n’est pas un réglage",
	"--proxy: %q is no address or CIDR":                                                  "--proxy : %q n’est ni une adresse ni un CIDR",
	"--origin: %q is no host":                                                            "--origin : %q n’est pas un hôte",
	"the server's address is empty":                                                      "l’adresse du serveur est vide",
	"the server's address: unknown scheme %q":                                            "l’adresse du serveur : protocole inconnu %q",
	"the server's address: no host in %q":                                                "l’adresse du serveur : il n’y a pas d’hôte dans %q",
	"the server's address: %w":                                                           "l’adresse du serveur : %w",

	"--redis: the URL does not start with redis:// or rediss://": "--redis : l’URL ne commence ni par redis:// ni par rediss://",
	"mongo: the connection string is not valid: it is mongodb://[user:password@]host[:port][,…]/[database][?options], with the password percent-encoded": "l’adresse de MongoDB n’est pas valable : elle s’écrit mongodb://[utilisateur:mot de passe@]hôte[:port][,…]/[base][?options], le mot de passe encodé en pourcents",

	// What cannot be opened.
	"listen on %s: %w":           "impossible d’écouter sur %s : %w",
	"open the history in %s: %w": "impossible d’ouvrir l’historique dans %s : %w",
	"open the history in %s: another process uses this folder (%w)": "impossible d’ouvrir l’historique dans %s : un autre processus utilise ce dossier (%w)",
	"log file: %w":                  "journal : %w",
	"certificate: %w":               "certificat : %w",
	"cannot open %s: %s":            "impossible d’ouvrir %s : %s",
	"cannot make the folder %s: %s": "impossible de créer le dossier %s : %s",
	"cannot write %s: %s":           "impossible d’écrire dans %s : %s",

	// What the system answers.
	"the address is already in use":           "l’adresse est déjà prise",
	"this machine does not have that address": "cette adresse n’est pas à cette machine",
	"access denied":                           "accès refusé",
	"operation not permitted":                 "opération interdite",
	"it does not exist":                       "il n’existe pas",
	"it exists already":                       "il existe déjà",
	"it is a folder":                          "c’est un dossier",
	"it is not a folder":                      "ce n’est pas un dossier",
	"the file system is read-only":            "le système de fichiers est en lecture seule",
	"the disk is full":                        "le disque est plein",

	// Connections.
	"connection refused":                                "connexion refusée",
	"the connection was cut":                            "la connexion a été coupée",
	"the connection was closed":                         "la connexion a été fermée",
	"no answer in time":                                 "pas de réponse à temps",
	"no route to the host":                              "aucun chemin vers l’hôte",
	"the network cannot be reached":                     "le réseau est inaccessible",
	"the host %s is unknown":                            "l’hôte %s est inconnu",
	"the name server does not answer":                   "le serveur de noms ne répond pas",
	"the other side does not speak TLS":                 "l’autre côté ne parle pas TLS",
	"its certificate is signed by an unknown authority": "son certificat est signé par une autorité inconnue",
	"its certificate is not for %s":                     "son certificat n’est pas pour %s",
	"its certificate has expired or is not valid yet":   "son certificat a expiré, ou n’est pas encore valable",
	"its certificate is not valid: %s":                  "son certificat n’est pas valable : %s",
}
