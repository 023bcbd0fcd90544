package orgsim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestGrantFamilies plays at random with refresh tokens of several grants: only a living grant's newest token
// ever refreshes, and one that was replaced ends its grant, and no other.
func TestGrantFamilies(t *testing.T) {
	b := newBench(t, Options{Users: []User{{Username: "a"}, {Username: "b"}, {Username: "c"}}})
	rapid.Check(t, func(t *rapid.T) {
		type family struct {
			id     string
			tokens []string // the last is the newest
			alive  bool
			count  int
		}
		var all []*family
		for _, u := range b.Users() {
			id, token := b.newGrant(b.config.Load().apps[0], &u, []string{"api", "refresh_token"})
			all = append(all, &family{id, []string{token}, true, 0})
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			f := rapid.SampledFrom(all).Draw(t, "family")
			app := &App{ClientID: DefaultClientID, Rotate: rapid.Bool().Draw(t, "rotate")}
			if rapid.IntRange(0, 9).Draw(t, "revoke") == 0 {
				if n := b.RevokeGrants(f.id); (n == 1) != f.alive {
					t.Fatalf("%d grants were alive, want %v", n, f.alive)
				}
				f.alive = false
			}
			i := rapid.IntRange(0, len(f.tokens)-1).Draw(t, "token")
			newest := i == len(f.tokens)-1
			used, next, ok := b.refresh(app, f.tokens[i])
			if ok != (f.alive && newest) {
				t.Fatalf("token %d of %d, alive %v: refreshed %v", i+1, len(f.tokens), f.alive, ok)
			}
			f.alive = f.alive && newest
			if ok {
				f.count++
				if used.ID != f.id || used.Refresh != f.count || (next != "") != app.Rotate {
					t.Fatalf("refreshed %+v, next %q", used, next)
				}
			}
			if next != "" {
				f.tokens = append(f.tokens, next)
			}
		}
		for _, g := range b.Grants() {
			if i := slices.IndexFunc(all, func(f *family) bool { return f.id == g.ID }); i >= 0 && (g.Ended == "") != all[i].alive {
				t.Fatalf("grant is %+v, alive %v", g, all[i].alive)
			}
		}
		b.RevokeGrants()
	})
}
