package store

import "fmt"

// Schema is the version of the records that this program writes.
const Schema = 1

type schemaRecord struct {
	Version int `json:"version"`
}

var schemaTable = NewTable[schemaRecord]("schema")

const schemaKey = "current"

// steps[i] brings the records from version i+1 to i+2, in the transaction that also writes the number.
var steps = [Schema - 1]func(*Tx) error{}

// migrate brings the file to Schema, one transaction a step.
func (db *DB) migrate() error {
	var have int
	err := db.View(func(tx *Tx) error {
		record, _, err := schemaTable.Get(tx, schemaKey)
		have = record.Version
		return err
	})
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
