package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi/api"
)

// collectEvery is how often the client asks whether its token was made.
const collectEvery = 2 * time.Second

// link leads to the page that allows the key. What stands behind the # never leaves the browser.
func (n *nas) link() string {
	wish, _ := json.Marshal(struct {
		Name   string   `json:"name"`
		Key    string   `json:"key"`
		Scopes []string `json:"scopes,omitempty"`
	}{n.TokenName, base64.StdEncoding.EncodeToString(n.public()), n.Scopes})
	return n.URL + "/#machine=" + base64.RawURLEncoding.EncodeToString(wish)
}

// whoami is what the token is called unless its owner says otherwise.
func whoami() string {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"))
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	name = cmp.Or(name, "user "+strconv.Itoa(os.Getuid()))
	if host, err := os.Hostname(); err == nil {
		return name + "@" + host
	}
	return name
}

// errUnkept ends a login after Ctrl-C.
var errUnkept = errors.New("ended; nothing was kept")

// collect waits until the token was made, and keeps it. Whoever reads the link can make one of their own for its key; where it is known whose
// the token has to be, that one is left, and the right one may still be made: from then on that there is nothing to collect is no end.
func (c *call) collect(ctx context.Context, n, before *nas) error {
	r := &remote{nas: n, keyID: n.Key, client: n.pinned(), notes: c.err, now: time.Now}
	question := api.MachineKey{Key: base64.StdEncoding.EncodeToString(n.public())}
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	left := false
	for end := time.Now().Add(token.CollectFor); time.Now().Before(end); {
		made, err := r.collectOnce(ctx, body)
		refused := (*refusal)(nil)
		switch {
		case errors.Is(err, errAway): // for a moment; the end is known
		case left && errors.As(err, &refused) && refused.Code == token.ErrNothing.Code:
		case errors.Is(err, errEnded):
			return errUnkept
		case err != nil:
			return err
		case made != nil && before != nil && before.Account != "" && made.Account != before.Account:
			left = true
			_, _ = fmt.Fprintf(&terminal{Writer: c.err}, "castellan: %s allowed this key as well. That token is not taken, as %s acts as %s. Still waiting. To act as somebody else, begin with castellan logout %[2]s.\n",
				made.Account, n.Name, before.Account)
		case made != nil:
			return c.keep(n, before, *made)
		}
		if err := pause(ctx, collectEvery); err != nil {
			return errUnkept
		}
	}
	return fmt.Errorf("nobody allowed the key within %d minutes; nothing was kept. Begin again with castellan login", int(token.CollectFor.Minutes()))
}

// collectOnce asks for the token; nil: nobody has made it yet.
func (n *remote) collectOnce(ctx context.Context, body []byte) (*api.ApiTokenMade, error) {
	response, err := n.send(ctx, http.MethodPost, "/machine/collection", body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusAccepted:
		return nil, nil
	case response.StatusCode >= http.StatusMultipleChoices:
		return nil, n.refused(response)
	}
	var made api.ApiTokenMade
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || made.Text == nil {
		return nil, fmt.Errorf("the answer holds no token (%w). Revoke the one that was made, and begin again", err)
	}
	return &made, nil
}

// keep writes the entry of a NAS and says what can be done with it.
func (c *call) keep(n, before *nas, made api.ApiTokenMade) error {
	t := made.Token
	missing := slices.DeleteFunc(slices.Clone(n.Scopes), func(s string) bool { return slices.Contains(t.Scopes, s) })
	n.Token, n.TokenID, n.TokenName, n.Account, n.Scopes, n.Expires = *made.Text, t.Id, t.Name, made.Account, t.Scopes, t.Expires
	if err := n.save(); err != nil {
		return fmt.Errorf("keep token: %w. It was handed out and is lost: revoke “%s” in Personal Settings › API access", err, t.Name)
	}
	said := fmt.Sprintf("\nDone. “%s” acts as %s and may use %s until %s.\n", t.Name, made.Account, strings.Join(t.Scopes, ", "), t.Expires.Format(time.DateOnly))
	if before == nil || before.Account == "" {
		said += fmt.Sprintf("If you are not %s, somebody else opened the link before you: castellan logout %s, and begin again.\n", made.Account, n.Name)
	}
	if len(missing) > 0 {
		said += fmt.Sprintf("It was not allowed to use %s.\n", strings.Join(missing, ", "))
	}
	if before != nil && before.TokenID != t.Id {
		said += fmt.Sprintf("This machine has no more use for “%s” from before. Revoke it at %s in Personal Settings › API access, if it still stands there.\n", before.TokenName, n.URL)
	}
	_, err := fmt.Fprintf(&terminal{Writer: c.out}, "%s\nTry\n\n  castellan -c %s %s\n", said, n.Name, firstCommand(t.Scopes))
	return err
}

// firstCommand proposes something that the scopes open.
func firstCommand(scopes []string) string {
	for _, one := range []struct{ scope, command string }{
		{"system:read", "health"}, {"users:read", "users list"}, {"log:read", "events"}, {"time:read", "time"}, {"network:read", "network"},
		{"settings:read", "settings"}, {"me:read", "api GET /me"}, {"metrics", "access-token"},
	} {
		if slices.Contains(scopes, one.scope) {
			return one.command
		}
	}
	return "access-token"
}
