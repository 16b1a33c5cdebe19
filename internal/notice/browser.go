package notice

import "strings"

// The marks by which browsers and systems are known. Most browsers also name others: the first mark that is
// found counts.
var (
	browsers = [][2]string{
		{"castellan/", "the command line"}, {"curl/", "curl"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// machineMark begins what stands for the browser where a machine called with an API token.
const machineMark = "API token “"

// Machine is what stands for the browser of a machine, with the name that its owner gave the token.
func Machine(token string) string { return machineMark + token + "”" }

// Claimed takes out of what a browser says of itself what would make it look like a machine with a token, also to a hasty eye: whatever is not
// ASCII, since the quotation marks of ours are not, and all of it where it speaks of an API token.
func Claimed(agent string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, agent)
	letters := strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(plain))
	if strings.Contains(letters, "apitoken") {
		return ""
	}
	return plain
}

// Browser puts what a browser says of itself into a few words of ours. Nothing of what it says is repeated; what Machine says is.
func Browser(agent string) string {
	if strings.HasPrefix(agent, machineMark) {
		return agent
	}
	browser, system := known(browsers, agent), known(systems, agent)
	switch {
	case browser == "":
		return "unknown"
	case system == "":
		return browser
	default:
		return browser + " on " + system
	}
}

func known(marks [][2]string, agent string) string {
	for _, m := range marks {
		if strings.Contains(agent, m[0]) {
			return m[1]
		}
	}
	return ""
}
