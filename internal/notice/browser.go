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

// Browser puts what a browser says of itself into a few words of ours. Nothing of what it says is repeated.
func Browser(agent string) string {
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
