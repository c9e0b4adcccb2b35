package store

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
)

// Versions hands out the versions of a store's records. One process never gets the same version twice;
// and since each Versions begins at a random number of 63 bits, neither do two processes, nor one before
// and after a restart, a power failure or the return of a backup, which would take a counter kept in the
// storage back with it. (That two begin so close that a million versions each of them meet has a chance
// of about 1 in 4 million million.)
//
// Versions are positive as int64 as well, so any database can keep them. A Versions is safe for
// concurrent use. Make it with [NewVersions].
type Versions struct{ last atomic.Uint64 }

// NewVersions begins a new epoch of versions.
func NewVersions() *Versions {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails: crypto/rand ends the program rather than return an error
	v := new(Versions)
	v.last.Store(binary.LittleEndian.Uint64(seed[:]))
	return v
}

// Next returns a version that was never returned before. It is never 0, which means absent.
func (v *Versions) Next() uint64 {
	for {
		if n := v.last.Add(1) << 1 >> 1; n != 0 {
			return n
		}
	}
}
