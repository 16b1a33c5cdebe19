package account

import "encoding/json"

// RecordForTest returns an account as it is stored.
func RecordForTest(a Account) []byte {
	data, err := json.MarshalIndent(recordOf(a), "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}
