package orgsim

// Environment is the kind of an org, which clients tell by its Organization record.
type Environment string

// The kinds of orgs.
const (
	Production Environment = "production"
	Sandbox    Environment = "sandbox"
	Scratch    Environment = "scratch"
	Developer  Environment = "developer"
)

// sandbox reports whether users of such an org log in at test.salesforce.com.
func (e Environment) sandbox() bool { return e == Sandbox || e == Scratch }
