package lang

// frenchClient is what the terminal client and the echo client say.
var frenchClient = map[string]string{
	// Echo.
	"cannot reach %s: %v":                   "impossible de joindre %s : %v",
	"the server closed the connection (%d)": "le serveur a fermé la connexion (%d)",
	"Message: ":                             "Message : ",

	// Connection.
	"it answered with HTTP status %d":                            "il a répondu avec l’état HTTP %d",
	"the server is gone":                                         "le serveur a disparu",
	"the server does not answer":                                 "le serveur ne répond pas",
	"connection lost (%s)":                                       "connexion perdue (%s)",
	"connection lost (%s), next try in %s":                       "connexion perdue (%s), nouvel essai dans %s",
	"%s; next try in %s":                                         "%s ; nouvel essai dans %s",
	"connecting…":                                                "connexion…",
	"connected again":                                            "connexion rétablie",
	"messages between the servers are slow for now":              "les messages entre serveurs sont lents pour le moment",
	"messages between the servers are quick again":               "les messages entre serveurs sont de nouveau rapides",
	"fetching %d missed messages…":                               "récupération de %d messages manqués…",
	"the room %s begins anew: its history was removed":           "le salon %s recommence à zéro : son historique a été supprimé",
	"the room %s: %v":                                            "le salon %s : %v",
	"the server does not know you any more: you are someone new": "le serveur ne vous connaît plus : vous êtes quelqu’un de nouveau",

	// Talk.
	"You said":                               "Vous avez dit",
	"%s: %s":                                 "%s : %s",
	"Welcome, %s! /help lists the commands.": "Bienvenue, %s ! /help donne les commandes.",
	"Welcome back, %s!":                      "Content de vous revoir, %s !",
	"%s is writing…":                         "%s écrit…",
	"%s are writing…":                        "%s écrivent…",
	"Your name: ":                            "Votre nom : ",
	"Your name [%s]: ":                       "Votre nom [%s] : ",
	"not sent: %s (%s)":                      "pas envoyé : %s (%s)",
	"too much waits to be sent: wait a little": "trop de messages attendent d’être envoyés : patientez un peu",
	"messages not delivered: %d":               "messages non remis : %d",

	// Commands.
	"You are in no room: /join <room>": "Vous n’êtes dans aucun salon : /join <salon>",
	"You left %s":                      "Vous avez quitté %s",
	"There is nothing earlier.":        "Il n’y a rien avant.",
	"earlier in %s":                    "plus tôt dans %s",
	"present: %d, messages: %d":        "présents : %d, messages : %d",
	"/who":                             "/who",
	"/join <room>":                     "/join <salon>",
	"/rooms":                           "/rooms",
	"/nick <name>":                     "/nick <nom>",
	"/history [n]":                     "/history [n]",
	"/leave":                           "/leave",
	"/help":                            "/help",
	"/quit":                            "/quit",
	"//text":                           "//texte",
	"who is in this room":              "qui est dans ce salon",
	"enter a room, or go back to it":   "entrer dans un salon, ou y revenir",
	"the rooms there are":              "les salons qui existent",
	"take another name":                "changer de nom",
	"n earlier messages (20), each time further back": "n messages plus anciens (20), chaque fois plus loin",
	"leave this room":                     "quitter ce salon",
	"these lines":                         "ces lignes",
	"leave":                               "quitter",
	"say a text that starts with a slash": "dire un texte qui commence par un slash",
	"Alt-Enter: new line. Tab: complete a name. Arrows: what you said before. Ctrl-C: leave.": "Alt-Entrée : nouvelle ligne. Tab : compléter un nom. Flèches : ce que vous avez dit avant. Ctrl-C : quitter.",

	"… and more": "… et d’autres",

	// Pipe and files.
	"a pipe needs a name: --name, or SALON_NAME": "dans un tube il faut un nom : --name, ou SALON_NAME",
	"your identity is not kept: %v":              "votre identité n’est pas gardée : %v",
	"cannot write the log file: %v":              "impossible d’écrire le journal : %v",
	"cannot write: %v":                           "impossible d’écrire : %v",
	"a line of the input has more than %d bytes": "une ligne de l’entrée a plus de %d octets",
	"interrupted":                                "interrompu",
	"refused: %v: %s":                            "refusé : %v : %s",
	"lines refused: %d":                          "lignes refusées : %d",
	"lines not delivered: %d":                    "lignes non remises : %d",
}
