package daemon_test

// keep takes what a browser keeps of an answer.
func (b *browser) keep(a answer) {
	for _, c := range a.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	if token, ok := a.body["token"].(string); ok {
		b.token = token
	}
}

// clone is the same browser at another moment: what it learns later the other does not.
func (b *browser) clone() *browser {
	c := *b
	c.cookies = map[string]string{}
	for k, v := range b.cookies {
		c.cookies[k] = v
	}
	return &c
}
