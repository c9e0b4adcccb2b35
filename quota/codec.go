package quota

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// schema is the version of the format of records. Whatever changes the format raises it.
const schema = 1

// document is a record as the store has it: JSON with a line for each reservation, so that a person with a
// database client can read it, and a checksum over the bytes of the ledger, so that no one changes it
// unnoticed.
type document struct {
	Schema int             `json:"schema"`
	Sum    string          `json:"sum"`
	Ledger json.RawMessage `json:"ledger"`
}

// encode writes a record.
func encode(m record) ([]byte, error) {
	body := fmt.Appendf(nil, `{"account":%q,"month":%q,"reservations":[`, m.Account, m.Month)
	body, err := appendLines(body, m.Reservations)
	if err != nil {
		return nil, err
	}
	if len(m.Closed) > 0 {
		body = append(body, `],"closed":[`...)
		if body, err = appendLines(body, m.Closed); err != nil {
			return nil, err
		}
	}
	body = append(body, "]}"...)
	value := make([]byte, 0, len(body)+64)
	value = fmt.Appendf(value, `{"schema":%d,"sum":%q,"ledger":`, schema, sum(body))
	return append(append(value, body...), "}\n"...), nil
}

// appendLines writes the elements of a JSON array, each on a line.
func appendLines[T any](b []byte, elements []T) ([]byte, error) {
	for i, e := range elements {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, '\n'), line...)
	}
	return append(b, '\n'), nil
}

// sum is the checksum: the first half of SHA-256's, in hexadecimal.
func sum(body []byte) string {
	h := sha256.Sum256(body)
	return hex.EncodeToString(h[:16])
}

// decode reads the record of an account and month. No value is an empty record. What another version of
// this module wrote is [store.ErrSchema]; what none wrote, or not for this key, is [store.ErrCorrupt].
func decode(account, month string, value []byte) (record, error) {
	empty := record{Account: account, Month: month}
	if len(value) == 0 {
		return empty, nil
	}
	var d document
	if err := json.Unmarshal(value, &d); err != nil {
		var other struct {
			Schema int `json:"schema"`
		}
		if json.Unmarshal(value, &other) == nil && other.Schema != 0 && other.Schema != schema {
			return empty, fmt.Errorf("%w: %d, this program knows %d", store.ErrSchema, other.Schema, schema)
		}
		return empty, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	switch {
	case d.Schema == 0:
		return empty, fmt.Errorf("%w: no schema", store.ErrCorrupt)
	case d.Schema != schema:
		return empty, fmt.Errorf("%w: %d, this program knows %d", store.ErrSchema, d.Schema, schema)
	case d.Sum != sum(d.Ledger):
		return empty, fmt.Errorf("%w: checksum does not match", store.ErrCorrupt)
	}
	var m record
	reader := json.NewDecoder(bytes.NewReader(d.Ledger))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&m); err != nil {
		return empty, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	if m.Account != account || m.Month != month {
		return empty, fmt.Errorf("%w: it is the ledger of another account or month", store.ErrCorrupt)
	}
	if err := m.check(); err != nil {
		return empty, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return m, nil
}

// check says what is wrong with a record whose checksum is right.
func (m record) check() error {
	if len(m.Reservations) > maxReservations {
		return fmt.Errorf("%d reservations, at most %d", len(m.Reservations), maxReservations)
	}
	seen := make(map[string]bool, len(m.Reservations))
	for i, e := range m.Reservations {
		switch {
		case e.ID == "" || seen[e.ID]:
			return fmt.Errorf("reservation %d has no id of its own", i)
		case e.State == 0 || e.Reach == 0 || e.Since.IsZero() || len(e.Days) == 0:
			return fmt.Errorf("reservation %d is incomplete", i)
		case e.Units < 0 || (e.State == external) != (e.Units > 0):
			return fmt.Errorf("reservation %d has %d units", i, e.Units)
		case slices.ContainsFunc(e.Days, func(d string) bool { return !isLabel(Day, d) }):
			return fmt.Errorf("reservation %d has no valid days", i)
		}
		seen[e.ID] = true
	}
	for i, c := range m.Closed {
		if c.Reach == 0 || c.Reason == "" || !isLabel(Day, c.Window) && !isLabel(Month, c.Window) {
			return fmt.Errorf("closed window %d is incomplete", i)
		}
	}
	return nil
}

// isLabel reports whether s is the label of a window of the period.
func isLabel(p Period, s string) bool {
	layout := time.DateOnly
	if p == Month {
		layout = monthOnly
	}
	t, err := time.ParseInLocation(layout, s, zone)
	return err == nil && p.Window(t).Label == s
}
