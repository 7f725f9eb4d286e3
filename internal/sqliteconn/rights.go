package sqliteconn

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// keepPrivate takes away the rights that other users of the machine have to a data folder and to the files in it, and says so.
// Where that cannot be, it warns. A folder that holds other folders, or in which everybody may make files (as in /tmp), is left
// as it is: it is not there for Salon's data alone.
func keepPrivate(dir string, log *slog.Logger) {
	takeRights(dir, dataAlone(dir), log)
	for _, name := range []string{fileName, fileName + "-wal", fileName + "-shm", lockName} {
		takeRights(filepath.Join(dir, name), true, log)
	}
}

// othersRights are the permissions of group and others.
const othersRights = 0o077

func takeRights(path string, mayChange bool, log *slog.Logger) {
	info, err := os.Stat(path)
	if err != nil || !hasRights || info.Mode().Perm()&othersRights == 0 {
		return
	}
	was := info.Mode().Perm()
	if mayChange && info.Mode()&fs.ModeSticky == 0 && ownedByUs(info) {
		err = os.Chmod(path, was&^othersRights)
		if now, errStat := os.Stat(path); err == nil && errStat == nil && now.Mode().Perm()&othersRights == 0 {
			log.Warn("other users of this machine had rights to the data; they have none any more", "path", path, "mode", was.String())
			return
		}
	}
	log.Warn("other users of this machine have rights to the data: take them away (chmod go-rwx), or use a folder of its own",
		"path", path, "mode", was.String())
}

// dataAlone tells whether a folder holds nothing but files, as a data folder does.
func dataAlone(dir string) bool {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() && e.Name() != "lost+found" { // which is in the top folder of some file systems
			return false
		}
	}
	return err == nil
}
