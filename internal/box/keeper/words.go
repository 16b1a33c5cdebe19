package keeper

import "castellan/internal/fault"

// What is said of who keeps the clock.
const (
	unknownYet     = "Not looked at yet."
	hostKeeps      = "Castellan runs in a container: its host keeps the clock."
	otherKeeps     = "Another service keeps the clock of this NAS. Castellan only watches it."
	castellanKeeps = "Castellan keeps the clock of this NAS."
	mayBeAllowed   = "Nothing sets the clock of this NAS. Castellan can, once it is allowed to."
	nobodyKeeps    = "Nothing sets the clock of this NAS. The system gives Castellan no right to set it."
	noRight        = "Castellan is allowed to set the clock of this NAS here, but the system gives it no right to (CAP_SYS_TIME). " +
		"The file castellan-clock.conf of its packaging grants it."
	zoneRefused = "The system does not let Castellan change its time zone."
)

// watched says that a service keeps the clock.
func watched(name string) string {
	return name + " keeps the clock of this NAS. Castellan only watches it."
}

// ErrAutomatic says that the system has no switch for its time service.
var ErrAutomatic = &fault.Error{Kind: fault.Conflict, Code: "automatic_time_unavailable", Message: "This system has no time service that Castellan can turn on or off."}

// ErrSlow says that the system did not answer in time.
var ErrSlow = &fault.Error{Kind: fault.Unavailable, Code: "automatic_time_slow", Message: "The system does not answer right now. Try it again in a moment."}

// ErrRefused says that the system does not let Castellan turn its switch.
var ErrRefused = &fault.Error{Kind: fault.Conflict, Code: "automatic_time_refused", Message: "The system does not let Castellan turn its time service on or off. The polkit rule of its packaging allows that."}
