package broadcast

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func whole(s State, attempts int) record {
	r := in(s, attempts)
	r.Body = []byte(`{"text":{"content":"a<b> & c\u0026 \"你好\""}}`)
	r.Digest, r.Reach, r.ClientMsgID, r.Kind, r.To, r.Write = digest(r.Body), quota.Tag, clientMsgID("wx", "k", 0), "text", "tag 2", "W"
	r.Schema = schema
	return r
}

// What is written is read again, the body byte for byte.
func TestRecordSurvivesTheStore(t *testing.T) {
	for _, s := range states {
		r := whole(s, 1)
		value, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		is, err := decode(store.Record{Value: value})
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		is.read = time.Time{}
		if d := cmp.Diff(r, is, cmp.AllowUnexported(record{})); d != "" {
			t.Errorf("%s (-written +read):\n%s", s, d)
		}
	}
}

// Any bytes are an error, or a job that can be written and read again; a decoded one never panics a step.
func FuzzDecodeJob(f *testing.F) {
	for _, s := range states {
		value, err := whole(s, 1).encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	for _, s := range []string{"", "null", "{}", `{"schema":1}`, `{"schema":2}`, `{"schema":2,"key":3}`, `{"schema":1,"reach":"nobody"}`, "[", "{}{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decode(store.Record{Value: value, Now: epoch})
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrSchema) {
				t.Errorf("error %v, want ErrCorrupt or ErrSchema", err)
			}
			return
		}
		if !slices.Contains(states, r.State) || digest(r.Body) != r.Digest {
			t.Errorf("took %q", value)
		}
		for _, e := range []event{sending{}, lost{}, tooLate{}, accept(1, 7), decided{true, 0, "li"}, reported{"DELETE"}} {
			_, _ = step(r, e, epoch)
		}
		again, err := r.encode()
		if err != nil {
			return // a time that JSON cannot hold
		}
		is, err := decode(store.Record{Value: again, Now: epoch})
		if err != nil {
			t.Fatalf("%q was written as %q: %v", value, again, err)
		}
		is.read = r.read
		if d := cmp.Diff(r, is, cmp.AllowUnexported(record{})); d != "" {
			t.Errorf("(-read +read again):\n%s", d)
		}
	})
}

// sluggish is a store whose swap does or does not happen, and says neither.
type sluggish struct {
	store.Store
	happens, reads bool
	err            error
}

func (s *sluggish) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	if s.err == nil {
		return s.Store.Swap(ctx, key, version, value, ttl)
	}
	err := s.err
	if s.err = nil; s.happens {
		_, _, _ = s.Store.Swap(ctx, key, version, value, ttl)
	}
	return store.Record{}, false, err
}

func (s *sluggish) Get(ctx context.Context, key string) (store.Record, error) {
	if !s.reads {
		return store.Record{}, store.ErrUnavailable
	}
	return s.Store.Get(ctx, key)
}

// An error of Swap means that the write may have happened. Whoever can read finds out, and whoever insists
// does it once.
func TestWriterKnowsItsOwnWrite(t *testing.T) {
	for _, happens := range []bool{false, true} {
		for _, reads := range []bool{false, true} {
			s := &sluggish{Store: store.NewMemory(), happens: happens, reads: reads}
			j := journal{s, "wx"}
			r := whole(Unknown, 1)
			r.ClientMsgID = clientMsgID("wx", "k", 0)
			r, err := j.write(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			s.err = errors.New("cable cut")
			is, err := j.apply(t.Context(), r, decided{true, 9, "li"})
			if known := happens && reads; known != (err == nil) || known != (is.State == Accepted) {
				t.Errorf("happens %t, reads %t: %s, %v", happens, reads, is.State, err)
			}
			if err != nil {
				s.reads = true
				if is, err = j.insist(t.Context(), r, decided{true, 9, "li"}); happens != errors.Is(err, ErrState) {
					t.Errorf("happens %t: another decision: %s, %v", happens, is.State, err)
				}
			}

			s = &sluggish{Store: store.NewMemory(), happens: happens, reads: reads}
			j = journal{s, "wx"}
			r.version = 0
			r, err = j.write(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			s.err = errors.New("cable cut")
			if is, err = j.insist(t.Context(), r, decided{true, 9, "li"}); err != nil || is.State != Accepted {
				t.Errorf("happens %t, reads %t: insisting gives %s, %v; want it done", happens, reads, is.State, err)
			}
		}
	}
}
