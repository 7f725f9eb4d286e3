package lang

import "strings"

// french gives the French text for each English one.
var french = merged(frenchServer, frenchClient, frenchHelp, frenchProblem)

func merged(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, p := range parts {
		for english, text := range p {
			all[english] = quotes.Replace(text)
		}
	}
	return all
}

// quotes puts no-break spaces inside guillemets, which nobody would see below.
var quotes = strings.NewReplacer("« ", "«\u00a0", " »", "\u00a0»")

// frenchServer is what the server says: errors, text mode, goodbyes.
var frenchServer = map[string]string{
	"something went wrong in the server": "une erreur est survenue dans le serveur",

	// Rooms and names.
	"a room's name is missing":                                        "il manque le nom de la chatroom",
	"a room's name has at most %d bytes":                              "un nom de chatroom fait au plus %d octets",
	"a room's name is UTF-8":                                          "un nom de chatroom est en UTF-8",
	"a room's name is in Unicode's composed form (NFC)":               "un nom de chatroom est en forme Unicode composée (NFC)",
	"a room's name does not start with a dot":                         "un nom de chatroom ne commence pas par un point",
	"a room's name has no %q: letters, digits, '-', '_' and '.' only": "un nom de chatroom ne contient pas %q : lettres, chiffres, « - », « _ » et « . » seulement",
	"the name is empty":                                               "le nom est vide",
	"the name is not UTF-8":                                           "le nom n’est pas en UTF-8",
	"the name has more than %d characters":                            "le nom a plus de %d caractères",
	"the name starts or ends with a space":                            "le nom commence ou finit par une espace",
	"the name has two spaces in a row":                                "le nom a deux espaces de suite",
	"the name starts with '/'":                                        "le nom commence par « / »",
	"the name has a '|'":                                              "le nom contient « | »",
	"the name has too many accents on one letter":                     "le nom a trop d’accents sur une lettre",
	"the name has a character that cannot be seen (%U)":               "le nom a un caractère invisible (%U)",
	"the name shows nothing":                                          "le nom ne montre rien",
	"the name \"%s\" is in use, or kept for somebody who left":        "le nom « %s » est pris, ou gardé pour quelqu’un qui est parti",
	"this token is unknown or was revoked":                            "ce jeton est inconnu ou a été révoqué",

	// Requests.
	"a send's cid has 1 to %d bytes":                              "le cid d’un envoi fait de 1 à %d octets",
	"a send's cid is printable ASCII without spaces":              "le cid d’un envoi est en ASCII imprimable sans espace",
	"a request is a JSON object":                                  "une requête est un objet JSON",
	"the field %q has the wrong type":                             "le champ %q n’a pas le bon type",
	"the field %q is missing":                                     "il manque le champ %q",
	"this is not JSON":                                            "ce n’est pas du JSON",
	"a secret has from %d to %d bytes":                            "un secret fait de %d à %d octets",
	"a request's id has at most %d bytes":                         "l’id d’une requête fait au plus %d octets",
	"a request is a text frame":                                   "une requête est une trame de texte",
	"this server does not know the request %q":                    "ce serveur ne connaît pas la requête %q",
	"the first request is hello":                                  "la première requête est hello",
	"only one of before, after and around":                        "un seul de before, after et around",
	"a message is a text frame":                                   "un message est une trame de texte",
	"this is text mode; for JSON connect with the subprotocol %s": "ceci est le mode texte ; pour JSON, connectez-vous avec le sous-protocole %s",
	"the field %q is out of range":                                "le champ %q est hors limites",
	"you are not in the room %s: join it first":                   "vous n’êtes pas dans la chatroom %s : entrez d’abord",
	"at most %d rooms at once":                                    "au plus %d chatrooms à la fois",
	"the text shows nothing":                                      "le texte ne montre rien",
	"the text is empty":                                           "le texte est vide",
	"the text has %d bytes, at most %d are allowed":               "le texte fait %d octets, %d au plus sont permis",
	"too many messages: wait a little":                            "trop de messages : attendez un peu",
	"too many changes of name: wait a little":                     "trop de changements de nom : attendez un peu",
	"the history does not answer: try again":                      "l’historique ne répond pas : réessayez",
	"this event is too large to be stored":                        "cet événement est trop grand pour être gardé",
	"you have left the room":                                      "vous avez quitté la chatroom",
	"you are in the room already":                                 "vous êtes déjà dans la chatroom",
	"you may not do this":                                         "vous n’avez pas le droit de faire cela",
	"the server is stopping":                                      "le serveur s’arrête",

	"Echo listens on %s": "Echo écoute sur %s",
	"%d events in %d rooms and %d users are the same on both sides; %d events copied now.": "%d événements dans %d chatrooms et %d utilisateurs sont les mêmes des deux côtés ; %d événements copiés cette fois.",
	"Salon is open: %s":             "Salon est ouvert : %s",
	"For others on the network: %s": "Pour les autres sur le réseau : %s",

	// Goodbyes.
	"the server is restarting":               "le serveur redémarre",
	"no hello came in time":                  "aucun hello n’est arrivé à temps",
	"nothing came for too long":              "rien n’est arrivé depuis trop longtemps",
	"too many connections from this address": "trop de connexions depuis cette adresse",
	"the hello was refused too often":        "le hello a été refusé trop souvent",
	"pages of this address may not connect here: whoever runs the server can allow it (--origin)": "les pages de cette adresse ne peuvent pas se connecter ici : qui gère le serveur peut le permettre (--origin)",

	// Text mode.
	"%s said: %s":                                          "%s a dit : %s",
	"Announcement: %s joined the chat room":                "Annonce : %s a rejoint la chatroom",
	"Announcement: %s left the chat room":                  "Annonce : %s a quitté la chatroom",
	"Announcement: %s is back":                             "Annonce : %s est de retour",
	"Announcement: %s is now called %s":                    "Annonce : %s s’appelle désormais %s",
	"Your name? Send it alone, or as Hello|name":           "Votre nom ? Envoyez-le seul, ou comme Hello|nom",
	"Welcome %s, you are in %s. /help lists the commands.": "Bienvenue %s, vous êtes dans %s. /help donne les commandes.",
	"In %s (%d): %s":                                       "Dans %s (%d) : %s",
	"In %s: %d people":                                     "Dans %s : %d personnes",
	"You are now in %s":                                    "Vous êtes maintenant dans %s",
	"You are now called %s":                                "Vous vous appelez désormais %s",
	"Rooms: %s":                                            "Chatrooms : %s",
	"Unknown command %s. /help lists the commands.":        "Commande inconnue : %s. /help donne les commandes.",
	"Error: %s":                                            "Erreur : %s",
	"… %d earlier messages not shown: /history shows the last ones":                                                                         "… %d messages plus anciens non montrés : /history montre les derniers",
	"Commands: /who, /join <room>, /rooms, /nick <name>, /history [n], /help, /quit. A line starting with // says the rest with one slash.": "Commandes : /who, /join <chatroom>, /rooms, /nick <nom>, /history [n], /help, /quit. Une ligne qui commence par // dit le reste avec un seul slash.",
}
