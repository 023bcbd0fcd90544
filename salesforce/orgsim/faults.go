package orgsim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// FaultKind is a way in which Salesforce fails.
type FaultKind string

// The faults of whole calls, and of single rows.
const (
	FaultHTML            FaultKind = "html"              // an HTML page, 503 unless Status says otherwise
	FaultUnavailable     FaultKind = "unavailable"       // 503 SERVER_UNAVAILABLE
	FaultUnknown         FaultKind = "unknown_exception" // 500 UNKNOWN_EXCEPTION
	FaultMaintenance     FaultKind = "maintenance"       // 503 INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE
	FaultResetBefore     FaultKind = "reset_before"      // the connection is cut, nothing was done
	FaultResetAfter      FaultKind = "reset_after"       // the connection is cut when all was done: a lost answer
	FaultTruncated       FaultKind = "truncated"         // all is done, half of the answer comes
	FaultSlow            FaultKind = "slow"              // the call waits for Delay, then goes on
	FaultInvalidSession  FaultKind = "invalid_session"   // 401 that a new token cures
	FaultSessionBlocked  FaultKind = "session_blocked"   // 401 that no token cures
	FaultDailyLimit      FaultKind = "daily_limit"       // 403 REQUEST_LIMIT_EXCEEDED, TotalRequests
	FaultConcurrentLimit FaultKind = "concurrent_limit"  // 403 REQUEST_LIMIT_EXCEEDED, ConcurrentPerOrgLongTxn
	FaultError           FaultKind = "error"             // the call fails with Status, Code and Message
	FaultRowLock         FaultKind = "row_lock"          // UNABLE_TO_LOCK_ROW
	FaultApprovalLock    FaultKind = "approval_lock"     // ENTITY_IS_LOCKED
	FaultWorkflowLock    FaultKind = "workflow_lock"     // RECORD_IN_USE_BY_WORKFLOW
	FaultTriggerLock     FaultKind = "trigger_lock"      // a lock met by a trigger: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY around it
	FaultStorage         FaultKind = "storage"           // STORAGE_LIMIT_EXCEEDED
	FaultRowError        FaultKind = "row_error"         // the row fails with Status, Code, Message and Fields
)

var rowFaults = []FaultKind{FaultRowLock, FaultApprovalLock, FaultWorkflowLock, FaultTriggerLock, FaultStorage, FaultRowError}

var callFaults = []FaultKind{FaultHTML, FaultUnavailable, FaultUnknown, FaultMaintenance, FaultResetBefore, FaultResetAfter, FaultTruncated, FaultSlow,
	FaultInvalidSession, FaultSessionBlocked, FaultDailyLimit, FaultConcurrentLimit, FaultError}

// Fault is a failure that is set up with Break. It strikes calls or rows that match everything
// it names, and never calls of the admin interface.
type Fault struct {
	ID   string    `json:"id,omitempty"` // given by Break
	Kind FaultKind `json:"kind"`

	// Method and Path narrow a fault of calls; Path is a part of the request's path.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Object and Record narrow a fault of rows. Record is an id.
	Object string `json:"object,omitempty"`
	Record string `json:"record,omitempty"`

	After int     `json:"after,omitempty"` // matches that go by unharmed first
	Times int     `json:"times,omitempty"` // how often it strikes; 0 is until it is healed
	Rate  float64 `json:"rate,omitempty"`  // probability of striking a match; 0 is always

	Delay   Duration `json:"delay,omitempty"` // before the fault, or before the call goes on
	Status  int      `json:"status,omitempty"`
	Code    string   `json:"code,omitempty"`
	Message string   `json:"message,omitempty"`
	Fields  []string `json:"fields,omitempty"`

	Struck int `json:"struck"` // how often it has struck
	seen   int
}

// Duration is a [time.Duration] that JSON spells "1.5s".
type Duration time.Duration

// MarshalText writes the duration as "1.5s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads "1.5s".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("duration %q is not of the form 1.5s", b)
	}
	*d = Duration(v)
	return nil
}

// faults are those that are set up. Rows and calls look at active first, which costs nothing.
type faults struct {
	active atomic.Int32
	mu     sync.Mutex
	list   []*Fault
	serial int
}

// Break sets a fault up and returns its id for [Org.Heal].
func (g *Org) Break(f Fault) (string, error) {
	if !slices.Contains(rowFaults, f.Kind) && !slices.Contains(callFaults, f.Kind) {
		return "", fmt.Errorf("there is no fault %q", f.Kind)
	}
	if f.Object != "" && g.config.Load().object(f.Object) == nil {
		return "", fmt.Errorf("fault names the object %q, which this org does not have", f.Object)
	}
	if f.Record != "" {
		long, ok := schema.To18(f.Record)
		if !ok {
			return "", fmt.Errorf("fault names the record %q, which is no record id", f.Record)
		}
		f.Record = long
	}
	if (f.Kind == FaultRowError || f.Kind == FaultError) && f.Code == "" {
		return "", fmt.Errorf("fault %q needs a code", f.Kind)
	}
	if f.Rate < 0 || f.Rate > 1 || f.Times < 0 || f.After < 0 {
		return "", fmt.Errorf("fault %q has a rate that is not between 0 and 1, or a negative count", f.Kind)
	}
	s := &g.faults
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	f.ID, f.Struck, f.seen = fmt.Sprintf("fault-%d", s.serial), 0, 0
	s.list = append(s.list, &f)
	s.active.Store(int32(len(s.list)))
	return f.ID, nil
}

// Heal takes faults away, all of them if none is named. It returns how many there were.
func (g *Org) Heal(ids ...string) int {
	s := &g.faults
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.list)
	s.list = slices.DeleteFunc(s.list, func(f *Fault) bool { return len(ids) == 0 || slices.Contains(ids, f.ID) })
	s.active.Store(int32(len(s.list)))
	return before - len(s.list)
}

// Faults returns the faults that are set up, with how often each has struck.
func (g *Org) Faults() []Fault {
	g.faults.mu.Lock()
	defer g.faults.mu.Unlock()
	out := make([]Fault, len(g.faults.list))
	for i, f := range g.faults.list {
		out[i] = *f
	}
	return out
}

// strike returns the first fault of the kinds that matches and strikes now.
func (s *faults) strike(g *Org, kinds []FaultKind, matches func(*Fault) bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.list {
		if !slices.Contains(kinds, f.Kind) || !matches(f) {
			continue
		}
		f.seen++
		if f.seen <= f.After || f.Times > 0 && f.Struck >= f.Times || f.Rate > 0 && g.float() >= f.Rate {
			continue
		}
		f.Struck++
		struck := *f
		return &struck
	}
	return nil
}

func (s *faults) forCall(g *Org, c *call) *Fault {
	if s.active.Load() == 0 {
		return nil
	}
	return s.strike(g, callFaults, func(f *Fault) bool {
		return (f.Method == "" || strings.EqualFold(f.Method, c.method)) && strings.Contains(c.path, f.Path) &&
			(f.Object == "" || strings.Contains(strings.ToLower(c.path), "/sobjects/"+strings.ToLower(f.Object)))
	})
}

// forRow returns the failure of a row that a fault strikes. New rows have no id.
func (s *faults) forRow(g *Org, o *object, id string) (failure, bool) {
	if s.active.Load() == 0 {
		return failure{}, false
	}
	f := s.strike(g, rowFaults, func(f *Fault) bool {
		return (f.Object == "" || strings.EqualFold(f.Object, o.name)) && (f.Record == "" || f.Record == id)
	})
	if f == nil {
		return failure{}, false
	}
	short := id
	if len(short) == 18 {
		short = short[:15]
	}
	lock := "unable to obtain exclusive access to this record or 1 records: " + short
	out := failure{status: 400, fields: []string{}}
	switch f.Kind {
	case FaultRowLock:
		out.status = cmp.Or(g.opts.Assumptions.LockStatus, 400)
		out.code, out.message = "UNABLE_TO_LOCK_ROW", lock
	case FaultApprovalLock:
		out.code, out.message = "ENTITY_IS_LOCKED", "the entity is locked for editing: the record is currently pending approval and locked"
	case FaultWorkflowLock:
		out.code, out.message = "RECORD_IN_USE_BY_WORKFLOW", "the record is in use by workflow"
	case FaultTriggerLock:
		out.code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
		out.message = o.name + "Trigger: execution of BeforeUpdate caused by: System.DmlException: Update failed. First exception on row 0; first error: UNABLE_TO_LOCK_ROW, " + lock + ": []"
	case FaultStorage:
		out.status = cmp.Or(g.opts.Assumptions.StorageStatus, 400)
		out.code, out.message = "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"
	case FaultRowError:
		out.status, out.code, out.message = cmp.Or(f.Status, 400), f.Code, cmp.Or(f.Message, f.Code)
		out.fields = append(out.fields, f.Fields...)
	}
	return out, true
}

// before answers a call in place of the org.
func (f *Fault) before(c *call) (answer, bool) {
	const serverDown = "<html><head><title>Server Unavailable</title></head><body><h1>We are down for maintenance.</h1></body></html>"
	switch f.Kind {
	case FaultHTML:
		return answer{status: cmp.Or(f.Status, 503), contentType: "text/html; charset=utf-8", body: []byte(cmp.Or(f.Message, serverDown))}, true
	case FaultUnavailable:
		return fail(503, "SERVER_UNAVAILABLE", "Server Unavailable"), true
	case FaultUnknown:
		return fail(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1234567890)"), true
	case FaultMaintenance:
		return fail(503, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "the system is in read-only mode for maintenance"), true
	case FaultResetBefore:
		return answer{status: 0}, true
	case FaultInvalidSession:
		return invalidSession(), true
	case FaultSessionBlocked:
		return sessionBlocked(), true
	case FaultDailyLimit:
		return dailyLimit(), true
	case FaultConcurrentLimit:
		return concurrentLimit(), true
	case FaultError:
		status := cmp.Or(f.Status, 400)
		if strings.HasPrefix(c.path, "/services/oauth2/") {
			return oauthError(status, f.Code, f.Message), true
		}
		return failed(failure{status: status, code: f.Code, message: cmp.Or(f.Message, f.Code), fields: f.Fields}), true
	}
	return answer{}, false
}

// after spoils the answer of a call that was carried out.
func (f *Fault) after(a answer) answer {
	if f.Kind == FaultTruncated && json.Valid(a.body) {
		a.body = a.body[:len(a.body)/2]
	}
	return a
}

// cuts reports whether the client gets no answer at all.
func (f *Fault) cuts() bool { return f.Kind == FaultResetBefore || f.Kind == FaultResetAfter }

// cut resets the client's connection.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // ends the connection where it cannot be taken over
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // so that closing sends a reset
	}
	conn.Close()
}

// wait waits, or until the client has gone.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
