package orgsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// The user whom an org has that is made without users, and the password of his log-in page.
const (
	DefaultUsername = "integration@simulated.example"
	DefaultPassword = "simulated-password"
)

// User is someone who calls the org, or logs in to it in a browser.
type User struct {
	ID       string `json:"id"` // 005…; made up if empty
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Profile  string `json:"profile,omitempty"` // the overlay may give permissions to all users of a profile
	// Inactive users, and frozen ones, have no sessions: their calls answer 401 INVALID_SESSION_ID. Logging in
	// and refreshing fails with "inactive_user" or "authentication failure".
	Inactive bool `json:"inactive,omitempty"`
	Frozen   bool `json:"frozen,omitempty"`
	// Locked users cannot log in for now ("user is locked"), IPRestricted ones not from where
	// they are ("ip restricted"). Their sessions go on.
	Locked       bool `json:"locked,omitempty"`
	IPRestricted bool `json:"ipRestricted,omitempty"`
	// Password is for the log-in page, and, with the security token behind it, for the
	// username-password flow. Without one neither lets the user in.
	Password string `json:"password,omitempty"`
	// ViewEncryptedData shows encrypted fields in clear; other users read asterisks.
	ViewEncryptedData bool `json:"viewEncryptedData,omitempty"`
}

// shut is what the token endpoint says to a user who may not log in; ok if he may.
func (u *User) shut() (answer, bool) {
	switch {
	case u.Inactive:
		return oauthError(400, "inactive_user", "user is inactive"), false
	case u.Frozen:
		return oauthError(400, "invalid_grant", "authentication failure"), false
	case u.Locked:
		return oauthError(400, "invalid_grant", "user is locked"), false
	case u.IPRestricted:
		return oauthError(400, "invalid_grant", "ip restricted"), false
	}
	return answer{}, true
}

// user finds a user by his username, in any case.
func (s *setup) user(username string) *User {
	for _, u := range s.users {
		if strings.EqualFold(u.Username, username) {
			return u
		}
	}
	return nil
}

// Users returns the org's users as they are now.
func (g *Org) Users() []User {
	var out []User
	for _, u := range g.config.Load().users {
		out = append(out, *u)
	}
	return out
}

// UpdateUser changes a user at run time: freezes him, moves him to another profile. His id and username stay.
// It fails if the org has no such user.
func (g *Org) UpdateUser(username string, change func(*User)) error {
	var changed User
	err := g.reconfigure(func(s *setup) error {
		u := s.user(username)
		if u == nil {
			return fmt.Errorf("there is no user %q in this org", username)
		}
		changed = *u
		change(&changed)
		changed.ID, changed.Username = u.ID, u.Username
		s.users = slices.Clone(s.users)
		s.users[slices.Index(s.users, u)] = &changed
		return nil
	})
	if err != nil {
		return err
	}
	g.write(func() {
		if o := g.config.Load().object("User"); o != nil {
			g.enter(&txn{now: g.now()}, o, changed.ID, &changed, changed.row())
		}
	})
	return nil
}

// row is the user's record.
func (u *User) row() map[string]string {
	return map[string]string{"Username": u.Username, "Email": u.Email, "Name": u.Name, "LastName": u.Name, "IsActive": fmt.Sprint(!u.Inactive)}
}

// readUsers completes and checks users.
func readUsers(list []User) ([]*User, error) {
	if len(list) == 0 {
		list = []User{{Username: DefaultUsername, Password: DefaultPassword, Name: "Survey Integration", Profile: "Integration"}}
	}
	out := make([]*User, len(list))
	for i, u := range list {
		if u.Username == "" || slices.ContainsFunc(out[:i], func(other *User) bool { return strings.EqualFold(other.Username, u.Username) }) {
			return nil, fmt.Errorf("user %d needs a username of his own", i+1)
		}
		if u.ID == "" {
			u.ID = "005" + instance + fmt.Sprintf("%09d", i+1)
		}
		id, ok := schema.To18(u.ID)
		if !ok || !strings.HasPrefix(id, "005") {
			return nil, fmt.Errorf("user id %q is no id that starts with 005", u.ID)
		}
		u.ID = id
		if u.Name == "" {
			u.Name = u.Username
		}
		if u.Email == "" {
			u.Email = u.Username
		}
		out[i] = &u
	}
	return out, nil
}
