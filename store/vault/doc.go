// Package vault keeps secrets in a store's State, encrypted.
//
//	v, err := vault.Open(ctx, s.State(), vault.Options{Dir: dir})
//	_, err = v.Put(ctx, "grant", "production", secret, 0)
//	secret, revision, err := v.Get(ctx, "grant", "production")
//
// # What is where
//
// Entries are sealed with a random data key by AES-256-GCM, a new nonce each time. The
// data key lies in the store, wrapped by the key of the store: 32 random bytes that are
// never in the store. Their place is one of
//
//	env      the environment variable SFSYNC_KEY
//	file     sfsync.key in the store's directory, or another file, of mode 0600
//	keyring  the key ring of the operating system
//
// as [Options] say. If they say nothing, a store gets its key from the variable if it is
// set, else from the file if there is one, else from the key ring if it can be reached,
// else from a new file; and one that has a key looks for it in the same order, until one
// fits. A file beside the store protects copies of the database alone; whoever reads the
// whole directory reads the secrets. The key ring, or a variable from a secrets manager,
// does more.
//
//	State key          content                                  in clear
//	vault              data keys, each wrapped                  ids of keys, times
//	secret/KIND/NAME   one secret, sealed                       kind, name, id of the data key
//
// Kind, name and the id of the data key are authenticated with the secret, so an entry
// that is copied over another one does not open.
//
// # The wrong key
//
// The store knows the id of its key, a fingerprint that tells nothing of it. A key that
// does not fit is [ErrWrongKey], with both ids, and none at all [ErrNoKey]; neither
// changes anything in the store. If the key is lost, [Forget] clears away what it sealed,
// and once nothing is left the next Put makes a new key.
//
// # Rotation
//
// [Vault.Rotate] makes a new key and a new data key and seals every entry anew. Until
// all is done both keys open the store, so a crash at any point loses nothing, and
// calling it again goes on where it was. The data key before stays, wrapped by the new
// key, until the next rotation: another process may have sealed with it at that moment.
package vault
