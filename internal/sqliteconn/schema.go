package sqliteconn

import (
	"embed"
	"fmt"
	"io/fs"

	"salon/internal/chat"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// versions lists the files of the schema, oldest first.
func versions() []string {
	files, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return files
}

// newest is the version of the schema that this program makes.
func newest() int64 { return int64(len(versions())) }

// upgrade brings the file to the newest version of the schema, and names a new history newID. Version n is what
// schema/00n.sql leaves. The files are applied in order, each in one transaction with its number. Their statements are
// never changed once released.
func upgrade(c *Conn, newID string) error {
	have, err := versionOf(c)
	if err != nil {
		return err
	}
	files := versions()
	if have > int64(len(files)) {
		return chat.Problemf("the history has version %d, made by a newer Salon; this one knows up to %d", have, len(files))
	}
	if have < int64(len(files)) {
		if err := applyAll(c, files, have); err != nil {
			return err
		}
	}
	if _, err := c.number("SELECT count(*) FROM meta"); err != nil {
		return fmt.Errorf("read the history's name: %w", err)
	}
	_, err = c.Exec("INSERT INTO meta SELECT 1, ? WHERE NOT EXISTS (SELECT 1 FROM meta)", newID)
	return err
}

// applyAll applies the files after version have.
func applyAll(c *Conn, files []string, have int64) error {
	// Making an index of all messages sorts them, which must not happen in memory.
	if err := c.Script("PRAGMA temp_store = FILE"); err != nil {
		return fmt.Errorf("prepare for the history's version %d: %w", len(files), err)
	}
	for v := have + 1; v <= int64(len(files)); v++ {
		if err := apply(c, files[v-1], v); err != nil {
			return err
		}
	}
	if err := c.Script("PRAGMA temp_store = MEMORY"); err != nil {
		return fmt.Errorf("prepare after the history's version %d: %w", len(files), err)
	}
	return nil
}

func apply(c *Conn, file string, version int64) error {
	sql, err := schemaFiles.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	err = c.Script(fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		sql, applicationID, version))
	if err != nil { // the caller closes the connection, which undoes the transaction
		return fmt.Errorf("bring the history to version %d: %w", version, err)
	}
	return nil
}
