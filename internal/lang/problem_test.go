package lang

import (
	"errors"
	"testing"
)

func TestProblem(t *testing.T) {
	for en, fr := range map[string]string{
		`unknown flag --nope, did you mean "--name"?`:                        `option inconnue : --nope, vouliez-vous dire "--name" ?`,
		`--port: expected a valid 64 bit int but got "x"`:                    `--port: un nombre entier est attendu, et non "x"`,
		`--ping: expected duration but got "z": time: invalid "z"`:           `--ping: une durée est attendue (10s, 5m, 1h), et non "z"`,
		`--max-text: 0 is less than 1`:                                       `--max-text: 0 est inférieur à 1`,
		`listen on 127.0.0.1:80: bind: address already in use`:               `impossible d’écouter sur 127.0.0.1:80 : l’adresse est déjà prise`,
		`log file: open /nope/x: no such file or directory`:                  `journal : impossible d’ouvrir /nope/x : il n’existe pas`,
		`open the history in /d: /d: the data folder is in use by process 7`: `impossible d’ouvrir l’historique dans /d : /d: le processus 7 utilise le dossier de données`,
		`the server's address: unknown scheme "ftp"`:                         `l’adresse du serveur : protocole inconnu "ftp"`,
		`something nobody foresaw`:                                           `something nobody foresaw`,
	} {
		if got := French.Problem(errors.New(en)); got != fr {
			t.Errorf("%s:\n got %s\nwant %s", en, got, fr)
		}
		if got := English.Problem(errors.New(en)); got != en {
			t.Errorf("in English: %s", got)
		}
	}
}
