package store

import "fmt"

// Schema is the version of the records that this program writes.
const Schema = 2

type schemaRecord struct {
	Version int `json:"version"`
}

var schemaTable = NewTable[schemaRecord]("schema")

const schemaKey = "current"

// Step brings records from one version to the next, in the transaction that also writes the number. The rooms own
// their tables, so whoever opens the file brings the steps along: the first one leads from version 1 to 2.
type Step func(*Tx) error

// version returns that of the records in a file, or 0 where it has none.
func version(tx *Tx) (int, error) {
	r, _, err := schemaTable.Get(tx, schemaKey)
	return r.Version, err
}

// migrate brings the file to Schema, one transaction a step.
func (db *DB) migrate(steps []Step) error {
	var have int
	err := db.View(func(tx *Tx) (err error) { have, err = version(tx); return err })
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if have > Schema {
		return fmt.Errorf("%w: its records have version %d, this program knows up to %d", ErrNewer, have, Schema)
	}
	if have == 0 {
		return db.Update(func(tx *Tx) error { return schemaTable.Put(tx, schemaKey, schemaRecord{Schema}) })
	}
	for ; have < Schema; have++ {
		if have > len(steps) {
			return fmt.Errorf("bring records from version %d to %d: no step does that", have, have+1)
		}
		err := db.Update(func(tx *Tx) error {
			if err := steps[have-1](tx); err != nil {
				return err
			}
			return schemaTable.Put(tx, schemaKey, schemaRecord{have + 1})
		})
		if err != nil {
			return fmt.Errorf("bring records from version %d to %d: %w", have, have+1, err)
		}
	}
	return nil
}
