package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"castellan/internal/access/token"
)

// login makes a key, has a person allow it in their browser, and collects the token that they made for it.
func login(c *call) error {
	name := c.flags.String("name", "", "what the NAS is called here, for -c: `NAME`; without it, the first part of its address")
	scopes := c.flags.String("scopes", "", "what the page proposes that this machine may do: `SCOPE,…`, such as metrics,time:read")
	fingerprint := c.flags.String("fingerprint", "", "compare the certificate with this one, as the NAS shows it, without asking: `SHA256:…`")
	if err := c.parse(1); err != nil {
		return err
	}
	base, short, err := address(c.args[0])
	if err != nil {
		return err
	}
	n := &nas{Name: cmp.Or(*name, short), URL: base, TokenName: whoami()}
	if _, _, err := files(n.Name); err != nil {
		return fmt.Errorf("%w. Give one with -name", err)
	}
	if n.Scopes, err = wished(*scopes); err != nil {
		return err
	}
	if _, ok := digest(*fingerprint); *fingerprint != "" && !ok {
		return misused("%q is no SHA-256 fingerprint: that has 64 hexadecimal digits", *fingerprint)
	}
	certificate, err := look(context.Background(), base)
	if err != nil {
		return err
	}
	n.Certificate, n.PublicKey = shown(certificate), pinOf(certificate)
	before, err := n.before()
	if err != nil {
		return err
	}
	if err := c.compare(certificate, before, *fingerprint); err != nil {
		return err
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	n.key, n.Key = key, token.Fingerprint(public)
	if err := makeFolder(); err != nil { // before a token is made that could not be kept
		return err
	}
	ctx, stop := interruptible() // not before: at the question, Ctrl-C ends the program as everywhere
	defer stop()
	_, err = fmt.Fprintf(c.out, "%sOpen this in your browser, and sign in:\n\n  %s\n\nThe page has to show this key. Choose there what it may do:\n\n  %s\n\nWaiting for that for up to %d minutes. Ctrl-C ends it, and nothing is kept.\n",
		before.replaced(), n.link(), n.Key, int(token.CollectFor.Minutes()))
	if err != nil {
		return err
	}
	return c.collect(ctx, n, before)
}

var scopeForm = regexp.MustCompile(`^[a-z]+(:[a-z]+)?$`)

// wished reads what -scopes says. Which scopes there are is for the NAS to say.
func wished(scopes string) (list []string, err error) {
	for one := range strings.SplitSeq(scopes, ",") {
		switch one = strings.TrimSpace(one); {
		case one == "":
		case !scopeForm.MatchString(one):
			return nil, misused("%q is no scope. -scopes looks like metrics,time:read", one)
		case !slices.Contains(list, one):
			list = append(list, one)
		}
	}
	return list, nil
}

// before returns the entry whose place this one takes, nil: none. What it was allowed is proposed again. An entry of another NAS keeps its
// name: the key of this one would be written over it.
func (n *nas) before() (*nas, error) {
	before, err := load(n.Name)
	switch {
	case err != nil:
		return nil, nil //nolint:nilerr // whatever is wrong with it, this login mends it
	case before.URL != n.URL && before.PublicKey != n.PublicKey:
		return nil, fmt.Errorf("%s is called %s here. Give this NAS another name with -name, or begin with castellan logout %[2]s", before.URL, n.Name)
	}
	if len(n.Scopes) == 0 {
		n.Scopes = before.Scopes
	}
	return before, nil
}

// replaced says whose place a new token takes.
func (n *nas) replaced() string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("This machine has a token of that NAS already: “%s”%s, until %s. What you allow now takes its place.\n\n",
		n.TokenName, n.of(), n.Expires.Format(time.DateOnly))
}

// of says in whose name the token acts, where that is known.
func (n *nas) of() string {
	if n.Account == "" {
		return ""
	}
	return " of " + n.Account
}

// compare has the certificate of a NAS compared by whoever types, unless its key was before.
func (c *call) compare(certificate *x509.Certificate, before *nas, fingerprint string) error {
	_, _ = fmt.Fprintf(c.out, "The certificate of this NAS has the SHA-256 fingerprint\n\n  %s\n\n", shown(certificate))
	if fingerprint != "" {
		if !sameFingerprint(fingerprint, certificate) {
			return errors.New("that is not the one you gave. Somebody else may answer in place of the NAS; nothing was sent")
		}
		return nil
	}
	if before != nil && before.PublicKey == pinOf(certificate) {
		_, err := fmt.Fprint(c.out, "Its key is the one you compared before.\n\n")
		return err
	}
	if !person(c.in) {
		return errUnasked
	}
	_, _ = fmt.Fprint(c.out, "Compare it with the one that your browser shows for the NAS, or with the one in its app About.\nIs it the same? Type yes: ")
	line, err := bufio.NewReader(c.in).ReadString('\n')
	switch {
	case err != nil:
		return errUnasked
	case !strings.EqualFold(strings.TrimSpace(line), "yes"):
		return errors.New("nothing was done: the certificate was not confirmed")
	}
	_, err = fmt.Fprintln(c.out)
	return err
}

// errUnasked ends a login where nobody types.
var errUnasked = errors.New("nobody is there to compare it: give the one that the NAS shows itself with -fingerprint")

// person reports whether somebody types there.
func person(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
