package wechattest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong between a client and the platform. Plant it with [Platform.Fault].
//
// The zero Fault spoils nothing: with a Latency it is a slow answer.
type Fault struct {
	// Path is where it strikes, such as "/cgi-bin/menu/create". A path that ends in a slash means all
	// below it, the empty path means all.
	Path string
	// Kind is what goes wrong.
	Kind Kind
	// Execute lets the platform carry out the request before things go wrong, so that only the answer
	// is lost or changed. Kinds that spoil the request cannot have it; kinds that spoil the genuine
	// answer always do.
	Execute bool
	// Skip is how many requests on the path go through unharmed first.
	Skip int
	// Times is how many requests it strikes after that; 0: all.
	Times int

	// Stall is waited before the request is carried out. It is carried out then even if the caller has
	// gone: that is how a request can take effect after its deadline.
	Stall time.Duration
	// Latency is waited after the request was carried out and before anything is answered.
	Latency time.Duration

	// At is a number of bytes: of the request's body that are read before ResetInBody, or of the
	// answer's body that arrive before Truncated cuts it.
	At int64
	// Size is the length of a HugeBody (default 10 GiB), or of a GzipBomb when unpacked (256 MiB).
	Size int64
	// Every is the time between two bytes of a Drip; default 100 ms.
	Every time.Duration
	// Code is the errcode of an Errcode answer.
	Code int
	// Status, Header and Body are those of an Answer, which is 200 and empty otherwise. Redirect takes
	// Status and the header Location from them as well.
	Status int
	Header http.Header
	Body   string

	rid string // of the request that it strikes
}

// String names the fault: "reset, executed".
func (f Fault) String() string {
	if f.Execute || kinds[f.Kind].deforms {
		return f.Kind.String() + ", executed"
	}
	return f.Kind.String()
}

// EveryFault returns one of each fault on a path, each for all requests: first those of the connection, in
// both forms where there are two, then those of the answer. Errcode is there with -1, Answer as a 503 with
// Retry-After. Hang and Drip end when the request's context does, so give it a deadline.
func EveryFault(path string) []Fault {
	var all []Fault
	for kind, k := range kinds {
		f := Fault{Path: path, Kind: Kind(kind)}
		switch f.Kind {
		case Unharmed:
			continue
		case Truncated:
			all = append(all, f) // no body at all
			f.At = 7
		case Errcode:
			f.Code = -1
		case Answer:
			f.Status, f.Header = http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}}
		default: // as it is
		}
		all = append(all, f)
		if !k.unsent && !k.deforms {
			f.Execute = true
			all = append(all, f)
		}
	}
	return all
}

// Injected is a fault that was planted. It is safe for concurrent use.
type Injected struct {
	p    *Platform
	f    Fault
	seen int
	hits int
}

// Fault plants a fault and returns a handle on it. Of several that match a request the one planted first
// strikes, until its Times are used up. It panics if Execute is set for a kind that spoils the request.
func (p *Platform) Fault(f Fault) *Injected {
	if k := kinds[f.Kind]; k.unsent && f.Execute {
		panic("wechattest: " + k.name + " cannot happen after a request was carried out")
	}
	i := &Injected{p: p, f: f}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, i)
	return i
}

// Remove takes the fault away. Requests that it has struck already are not helped.
func (i *Injected) Remove() {
	i.p.mu.Lock()
	defer i.p.mu.Unlock()
	i.p.faults = slices.DeleteFunc(i.p.faults, func(other *Injected) bool { return other == i })
}

// Hits counts the requests that the fault has struck.
func (i *Injected) Hits() int {
	i.p.mu.Lock()
	defer i.p.mu.Unlock()
	return i.hits
}

// matches reports whether a path is the fault's.
func (f Fault) matches(path string) bool {
	return f.Path == "" || f.Path == path || strings.HasSuffix(f.Path, "/") && strings.HasPrefix(path, f.Path)
}

// strike is the fault that a request on the path meets, the zero Fault if none.
func (p *Platform) strike(path string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.faults {
		if !i.f.matches(path) || i.f.Times > 0 && i.hits == i.f.Times {
			continue
		}
		if i.seen++; i.seen <= i.f.Skip {
			continue
		}
		i.hits++
		return i.f
	}
	return Fault{}
}

// carryOut does with a request what the fault lets the platform do, and returns the answer as the fault
// has it go out.
func (p *Platform) carryOut(r *request, f Fault) answer {
	k, name := kinds[f.Kind], f.String()
	if f.Kind == Unharmed && f.Latency == 0 && f.Stall == 0 {
		name = "" // nothing goes wrong
	}
	a := jsonAnswer(success)
	if f.Execute || k.deforms {
		a, f.rid = p.serve(r, name)
	} else {
		f.rid = p.ignore(r, name)
	}
	if k.shape != nil {
		a = k.shape(f, a)
	}
	return a
}
