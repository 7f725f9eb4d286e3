package lang

// frenchHelp is what salon --help says of each command, flag and argument.
var frenchHelp = map[string]string{
	"A chat-room server to run yourself.": "Un serveur de chatrooms à faire tourner chez soi.",
	"Show context-sensitive help.":        "Montrer cette aide ; après une commande, la sienne.",
	"Read settings from this file: lines of KEY=VALUE, keys as the flags are called (HOST and PORT as in the course).": "Lire les réglages dans ce fichier : des lignes CLÉ=VALEUR, les clés nommées comme les options (HOST et PORT comme dans le cours).",
	"Language to speak: fr or en.":                           "Langue à parler : fr ou en.",
	"Open the rooms (the default command).":                  "Ouvrir les chatrooms (la commande par défaut).",
	"Talk in the terminal, or as a pipe.":                    "Parler dans le terminal, ou dans un tube.",
	"Course step 1: answer each text, or ask such a server.": "Étape 1 du cours : répondre à chaque texte, ou interroger un tel serveur.",
	"Carry a history from one store to another.":             "Porter un historique d’un dépôt à un autre.",
	"Print the version.":                                     "Afficher la version.",
	"Address (host).":                                        "Adresse (hôte).",
	"Port; 0 takes a free one.":                              "Port ; 0 en prend un libre.",

	// serve
	"Folder of the embedded store.": "Dossier du dépôt intégré.",
	"Keep who is connected in Redis, and reach the other nodes through it: redis://[user:password@]host:port[,host:port…][/db].": "Garder dans Redis qui est connecté, et joindre par lui les autres nœuds : redis://[utilisateur:mot de passe@]hôte:port[,hôte:port…][/db].",
	"Keep the history in MongoDB instead of the embedded store: mongodb://[user:password@]host:port[,…]/[database].":             "Garder l’historique dans MongoDB au lieu du dépôt intégré : mongodb://[utilisateur:mot de passe@]hôte:port[,…]/[base].",
	"Read what --redis would say from this file: other users of the machine can see a flag.":                                     "Lire dans ce fichier ce que dirait --redis : les autres utilisateurs de la machine voient une option.",
	"Read what --mongo would say from this file.":                                                                                "Lire dans ce fichier ce que dirait --mongo.",
	"Write the log to this file instead of the terminal.":                                                                        "Écrire le journal dans ce fichier au lieu du terminal.",
	"Least level that is logged: debug, info, warn, error.":                                                                      "Niveau à partir duquel on journalise : debug, info, warn, error.",
	"Longest text, in bytes.": "Texte le plus long, en octets.",
	"Sends per second of one session, with a burst of twice as many; 0 for no limit.": "Envois par seconde d’une session, le double en rafale ; 0 pour ne pas limiter.",
	"Rooms that one session may be in at once.":                                       "Chatrooms où une session peut être à la fois.",
	"Connections from one address; 0 for no limit.":                                   "Connexions depuis une adresse ; 0 pour ne pas limiter.",
	"Longest message to the server, in bytes.":                                        "Message le plus long vers le serveur, en octets.",
	"Bytes that may wait for one connection before it is told that it lags.":          "Octets qui peuvent attendre pour une connexion avant qu’elle apprenne son retard.",
	"How long a name stays its user's after it left.":                                 "Temps pendant lequel un nom reste à qui est parti.",
	"Between pings; who is silent for three is gone.":                                 "Entre deux pings ; qui se tait pendant trois est parti.",
	"Time for a new connection to say who it is.":                                     "Temps qu’a une nouvelle connexion pour dire qui elle est.",
	"Time to end in order when told to stop.":                                         "Temps pour finir en ordre quand on demande l’arrêt.",
	"Web pages from these hosts may connect too (host or host:port; * for all).":      "Les pages de ces hôtes peuvent se connecter aussi (hôte ou hôte:port ; * pour tous).",
	"Believe X-Forwarded-For from these addresses (address or CIDR).":                 "Croire X-Forwarded-For venant de ces adresses (adresse ou CIDR).",
	"Serve https and wss with this certificate (PEM).":                                "Servir https et wss avec ce certificat (PEM).",
	"The certificate's key (PEM).":                                                    "La clé du certificat (PEM).",
	"Offer permessage-deflate.":                                                       "Offrir permessage-deflate.",
	"Wait for all connections with one goroutine, so that an idle connection takes less memory. Elsewhere than on Linux each connection has a goroutine of its own, as with --no-poll.": "Attendre toutes les connexions avec une seule goroutine : une connexion inactive prend moins de mémoire. Ailleurs que sous Linux, chaque connexion a sa propre goroutine, comme avec --no-poll.",
	"Serve /metrics.": "Servir /metrics.",

	// chat
	"Server, as ws://host:port; else --address and --port.": "Serveur, comme ws://hôte:port ; sinon --address et --port.",
	"Rooms to join; the first is where one speaks.":         "Chatrooms où entrer ; on parle dans la première.",
	"Your name.": "Votre nom.",
	"Be the user whose token this is, instead of one that this machine keeps. Others can see a flag: better by the environment.": "Être l’utilisateur de ce jeton, plutôt qu’un que cette machine garde. D’autres peuvent voir une option : mieux vaut l’environnement.",
	"Keep the talk in this file.":             "Garder la conversation dans ce fichier.",
	"Colours: auto, always, never.":           "Couleurs : auto, always (toujours), never (jamais).",
	"As a pipe: a line out is a JSON event.":  "Dans un tube : une ligne qui sort est un événement JSON.",
	"As a pipe: go on after the input's end.": "Dans un tube : continuer après la fin de l’entrée.",
	"How many earlier messages to begin with, 0 for none (by itself 50 in a terminal, none in a pipe).": "Nombre de messages précédents par où commencer, 0 pour aucun (sans l’option 50 dans un terminal, aucun dans un tube).",

	// echo, migrate
	"Ask this server instead of being one.":       "Interroger ce serveur au lieu d’en être un.",
	"Echo text and binary exactly, up to 16 MiB.": "Renvoyer texte et binaire tels quels, jusqu’à 16 Mio.",
	"The store to read: the data folder of an embedded one, mongodb://…, or @FILE, a file that holds such a line.": "Le dépôt à lire : le dossier de données d’un dépôt intégré, mongodb://…, ou @FICHIER, un fichier qui contient une telle ligne.",
	"The store to write: empty, or an earlier try's.":                                                              "Le dépôt à écrire : vide, ou celui d’un essai précédent.",
}
