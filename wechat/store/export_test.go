package store

// Size counts the records that m holds, the expired among them, and the keys that it remembers for lists.
func (m *Memory) Size() (records, keys int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.indexes {
		keys += len(x.keys)
	}
	return len(m.records), keys
}

// VersionsFrom begins an epoch at a given place.
func VersionsFrom(last uint64) *Versions {
	v := new(Versions)
	v.last.Store(last)
	return v
}
