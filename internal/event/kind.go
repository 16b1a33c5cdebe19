package event

import "strings"

// Area groups kinds of events for people.
type Area string

// The areas.
const (
	SignIn   Area = "sign_in"
	TwoStep  Area = "two_step"
	Accounts Area = "accounts"
	Settings Area = "settings"
	Button   Area = "button"
	Clock    Area = "clock"
	Mail     Area = "mail"
	System   Area = "system"
)

// Areas lists the areas.
func Areas() []Area { return []Area{SignIn, TwoStep, Accounts, Settings, Button, Clock, Mail, System} }

// Level says whether an event wants attention.
type Level string

// The levels.
const (
	Info    Level = "info"
	Warning Level = "warning"
	Error   Level = "error"
)

// Kind is the stable name of what happened.
type Kind string

// The events that are recorded, all of them. The words of each stand in the table below.
const (
	Started Kind = "box.started"
	Stopped Kind = "box.stopped"
	Made    Kind = "box.made"

	SteppedBack Kind = "store.stepped_back"
	Restored    Kind = "store.restored"

	Claimed            Kind = "box.claimed"
	ClaimDropped       Kind = "box.claim_dropped"
	ResetDone          Kind = "box.reset"
	ResetFailed        Kind = "box.reset_failed"
	EraseFailed        Kind = "store.erase_failed"
	NetworkPending     Kind = "network.restore_requested"
	NetworkGivenUp     Kind = "network.restore_given_up"
	NetworkTried       Kind = "network.tried"
	NetworkKept        Kind = "network.kept"
	NetworkWentBack    Kind = "network.went_back"
	NetworkAutomatic   Kind = "network.made_automatic"
	NetworkRestored    Kind = "network.restored"
	DefaultShown       Kind = "default_password.shown"
	RecoveredLocally   Kind = "account.recovered_locally"
	ButtonPressed      Kind = "button.pressed"
	ButtonLearning     Kind = "button.learning"
	ButtonChosen       Kind = "button.chosen"
	ButtonTested       Kind = "button.tested"
	ButtonDisabled     Kind = "button.disabled"
	ButtonEnabled      Kind = "button.enabled"
	CertificateMade    Kind = "certificate.made"
	SettingsChanged    Kind = "settings.changed"
	ClockChanged       Kind = "clock.changed"
	ClockCorrected     Kind = "clock.corrected"
	TimeAccepted       Kind = "clock.jump_accepted"
	TimeVouched        Kind = "clock.vouched"
	TimeSet            Kind = "clock.set_by_hand"
	AccessRefused      Kind = "access.refused"
	SignedIn           Kind = "sign_in.succeeded"
	SignInRefused      Kind = "sign_in.refused"
	SignInSlowed       Kind = "sign_in.slowed"
	SourcePaused       Kind = "sign_in.source_paused"
	CrowdNoticed       Kind = "sign_in.crowd_noticed"
	AccountClosed      Kind = "sign_in.account_closed"
	BrowserDoubted     Kind = "sign_in.browser_doubted"
	UnlockAsked        Kind = "sign_in.unlock_asked"
	BrowserUnlocked    Kind = "sign_in.browser_unlocked"
	BrowserPressed     Kind = "sign_in.unlocked_by_press"
	PressAsked         Kind = "sign_in.press_asked"
	PressUsed          Kind = "sign_in.press_used"
	PressDropped       Kind = "sign_in.press_dropped"
	AddressRefused     Kind = "defender.refused"
	DefenderChanged    Kind = "defender.changed"
	SlowDownLifted     Kind = "defender.lifted"
	Repeated           Kind = "refusals.repeated"
	CodeRefused        Kind = "sign_in.code_refused"
	SignedOut          Kind = "session.signed_out"
	SessionEvicted     Kind = "session.evicted"
	SessionEnded       Kind = "session.ended"
	SessionsEnded      Kind = "session.all_ended"
	EverybodyOut       Kind = "session.everybody_ended"
	BrowserForgotten   Kind = "browser.forgotten"
	SteppedUp          Kind = "step_up.succeeded"
	StepUpRefused      Kind = "step_up.refused"
	PasswordChanged    Kind = "password.changed"
	PasswordRefused    Kind = "password.refused"
	TemporaryGiven     Kind = "password.temporary_given"
	PasswordForgotten  Kind = "password.forgotten"
	PasswordReset      Kind = "password.reset"
	Invited            Kind = "account.invited"
	InvitationUsed     Kind = "account.invitation_used"
	TwoStepOn          Kind = "two_step.turned_on"
	TwoStepOff         Kind = "two_step.turned_off"
	TwoStepOffForOther Kind = "two_step.turned_off_for_other"
	TwoStepRefused     Kind = "two_step.refused"
	TwoStepLater       Kind = "two_step.postponed"
	EnrolmentSpared    Kind = "two_step.enrolment_spared"
	EnrolmentStarted   Kind = "two_step.enrolment_started"
	EnrolmentDiscarded Kind = "two_step.enrolment_discarded"
	DeviceAdded        Kind = "two_step.device_added"
	DeviceRenamed      Kind = "two_step.device_renamed"
	DeviceRemoved      Kind = "two_step.device_removed"
	DevicesVoid        Kind = "two_step.devices_void"
	EmailWayOn         Kind = "two_step.email_turned_on"
	EmailWayOff        Kind = "two_step.email_turned_off"
	RecoveryUsed       Kind = "two_step.recovery_code_used"
	RecoveryRenewed    Kind = "two_step.recovery_codes_renewed"
	CodeSent           Kind = "two_step.code_sent"
	MailTried          Kind = "mail.tried"
	MailFailed         Kind = "mail.failed"
	MailDropped        Kind = "mail.dropped"
	GroupAdded         Kind = "group.added"
	GroupChanged       Kind = "group.changed"
	GroupDeleted       Kind = "group.deleted"
	AccountAdded       Kind = "account.added"
	EmailChanged       Kind = "account.email_changed"
	EmailConfirmed     Kind = "account.email_confirmed"
	EmailRefused       Kind = "account.email_refused"
	EmailUndone        Kind = "account.email_change_undone"
	AccountChanged     Kind = "account.changed"
	AccountDeleted     Kind = "account.deleted"

	TokenCreated        Kind = "token.created"
	TokenFactorChanged  Kind = "token.factor_changed"
	TokenRevoked        Kind = "token.revoked"
	TokenCleared        Kind = "token.cleared"
	TokenCollected      Kind = "token.collected"
	TokenEndsSoon       Kind = "token.ends_soon"
	TokenRefused        Kind = "token.refused"
	TokenSessionSold    Kind = "token.session_sold"
	TokenSessionRefused Kind = "token.session_refused"

	LogChained      Kind = "log.chained"
	Unreadable      Kind = "log.unreadable"
	LogFull         Kind = "log.full"
	LogCleared      Kind = "log.cleared"
	LogExported     Kind = "log.exported"
	ForwardTried    Kind = "log.forward_tried"
	ForwardFailed   Kind = "log.forward_failed"
	ForwardRestored Kind = "log.forward_restored"
	ForwardDropped  Kind = "log.forward_dropped"
)

type words struct {
	area  Area
	level Level
	// text names details in braces.
	text string
}

// catalogue holds the words of every kind. Kinds that are missing from it are shown by name.
var catalogue = map[Kind]words{
	Started: {System, Info, "Castellan {version} started"},
	Stopped: {System, Info, "Castellan stopped"},
	Made:    {System, Info, "This NAS was set up for the first time and waits to be claimed"},

	SteppedBack: {System, Error, "The database was damaged and went back to before its last change; what was confirmed last may be forgotten"},
	Restored:    {System, Error, "The database was {why} and came back from its copy of {taken}; what was changed since is forgotten, and so are all known browsers"},

	Claimed:            {System, Info, "NAS claimed with {proof}; {account} is its administrator"},
	ClaimDropped:       {System, Warning, "The button was pressed while {count} browsers were waiting to claim this NAS; all were dropped"},
	ResetDone:          {Button, Warning, "Administrator defaults restored by the reset button; castellan before-reset on the NAS itself prints what it changed"},
	ResetFailed:        {Button, Error, "The reset could not restore the network yet, which is tried again: {reason}"},
	EraseFailed:        {System, Error, "What the reset deleted may still be readable in the database file, which could not be written anew; that is tried again every hour: {reason}"},
	NetworkTried:       {Settings, Warning, "Other settings of {interface} are tried for {for}: {settings}"},
	NetworkKept:        {Settings, Warning, "{interface} keeps its new settings, which {account} asked for and which were confirmed at {at}: {settings}"},
	NetworkWentBack:    {Settings, Warning, "{interface} went back to the settings it had before {account} changed them: {reason}"},
	NetworkAutomatic:   {Settings, Warning, "Automatic addresses on all interfaces were asked for on the NAS itself"},
	NetworkPending:     {Button, Warning, "The reset asked for automatic network addresses, and nothing here can change the network"},
	NetworkGivenUp:     {Button, Warning, "The reset did not restore the network of all interfaces and does not try it any more; castellan network automatic on the NAS itself does"},
	NetworkRestored:    {Button, Warning, "All interfaces ask the network for their addresses again, by the reset"},
	DefaultShown:       {Settings, Warning, "The default password of this NAS was shown {where}"},
	RecoveredLocally:   {Accounts, Warning, "{account} was given a one-time password on the NAS itself; 2-step verification is off"},
	ButtonPressed:      {Button, Info, "Button pressed for {held}: {outcome}"},
	ButtonLearning:     {Button, Info, "The NAS listens for its reset button for {for}"},
	ButtonChosen:       {Button, Warning, "The reset button is now {button}"},
	ButtonTested:       {Button, Info, "A test of the button began: presses do nothing for {for}"},
	ButtonDisabled:     {Button, Warning, "The reset button was turned off; castellan recover on the NAS itself is the last way back in"},
	ButtonEnabled:      {Button, Info, "The reset button was turned on"},
	CertificateMade:    {System, Info, "New certificate made: {reason}"},
	SettingsChanged:    {Settings, Info, "{what} changed from {from} to {to}"},
	ClockChanged:       {Clock, Info, "{state}"},
	ClockCorrected:     {Clock, Warning, "Trusted time corrected, {jump}; the clock of this NAS is {offset}"},
	TimeAccepted:       {Clock, Warning, "The time servers were believed: trusted time goes from {from} to {to}, {by}"},
	TimeVouched:        {Clock, Warning, "The time servers were believed because an administrator signed in without an app's code: trusted time goes from {from} to {to}, {by}"},
	TimeSet:            {Clock, Warning, "The time was set by hand from {from} to {to}, {by}"},
	AccessRefused:      {System, Warning, "Refused: {operation}, {reason}"},
	SignedIn:           {SignIn, Info, "Signed in with {method}"},
	SignInRefused:      {SignIn, Warning, "Sign-in refused: {reason}"},
	SignInSlowed:       {SignIn, Warning, "Sign-in not checked: {reason}"},
	SourcePaused:       {SignIn, Warning, "Too many wrong passwords from {source} within {within}: its sign-ins pause"},
	CrowdNoticed:       {SignIn, Warning, "Many sources tried wrong passwords within {within}: unknown browsers are slowed more strictly for now"},
	AccountClosed:      {SignIn, Warning, "{account} was tried with {tries} wrong passwords in a row: only browsers it knows may sign in"},
	BrowserDoubted:     {SignIn, Warning, "A known browser became unknown after {tries} wrong passwords in a row"},
	UnlockAsked:        {SignIn, Info, "Unlock mail asked for: {outcome}"},
	BrowserUnlocked:    {SignIn, Warning, "A browser became known through the link of an unlock mail; it may try to sign in"},
	BrowserPressed:     {SignIn, Warning, "The button was pressed for a browser that wanted to become known to an account: {outcome}"},
	PressAsked:         {SignIn, Warning, "The right password of {account} was entered, and a press of the button on the NAS is waited for in place of a code"},
	PressUsed:          {SignIn, Warning, "{account} was let in with the password and a press of the button on the NAS; a new way in has to be set up first"},
	PressDropped:       {SignIn, Warning, "The button was pressed while {count} browsers were waiting for it; all were dropped"},
	AddressRefused:     {SignIn, Warning, "Refused: the address is on the block list"},
	DefenderChanged:    {Settings, Warning, "{list}: {what}"},
	SlowDownLifted:     {Settings, Info, "Slow-down lifted: {what}"},
	Repeated:           {SignIn, Warning, "{count} more of the same sort, the last one: {last}"},
	CodeRefused:        {SignIn, Warning, "Code refused: {reason}"},
	SignedOut:          {SignIn, Info, "Signed out"},
	SessionEvicted:     {SignIn, Info, "The oldest session was ended to make room for a new one"},
	SessionEnded:       {SignIn, Info, "A session of {account} was ended: {browser}, from {from}"},
	SessionsEnded:      {SignIn, Warning, "{account} was signed out everywhere else; {sessions} sessions ended"},
	EverybodyOut:       {SignIn, Warning, "Everybody else was signed out; {sessions} sessions ended"},
	BrowserForgotten:   {SignIn, Info, "A known browser was forgotten: {browser}; {sessions} sessions ended"},
	SteppedUp:          {SignIn, Info, "Identity confirmed for a sensitive change"},
	StepUpRefused:      {SignIn, Warning, "Identity not confirmed: {reason}"},
	PasswordChanged:    {Accounts, Info, "Password changed; {sessions} other sessions ended"},
	PasswordRefused:    {Accounts, Warning, "Change of password refused: {reason}"},
	TemporaryGiven:     {Accounts, Warning, "{account} was given a temporary password; {sessions} sessions ended"},
	PasswordForgotten:  {Accounts, Info, "A forgotten password was asked for at {address}: {outcome}"},
	PasswordReset:      {Accounts, Warning, "Password set with a mailed link; {sessions} sessions ended"},
	Invited:            {Accounts, Info, "A link was mailed to {account} for choosing a password"},
	InvitationUsed:     {Accounts, Info, "Password chosen with the link of an invitation; {sessions} sessions ended"},
	TwoStepOn:          {TwoStep, Info, "2-step verification turned on with “{device}”; {sessions} other sessions ended"},
	TwoStepOff:         {TwoStep, Warning, "2-step verification turned off; {sessions} other sessions ended"},
	TwoStepOffForOther: {TwoStep, Warning, "2-step verification of {account} turned off by an administrator; {sessions} sessions ended"},
	TwoStepRefused:     {TwoStep, Warning, "2-step verification not turned off: {reason}"},
	TwoStepLater:       {TwoStep, Warning, "The offer of 2-step verification was put off"},
	EnrolmentSpared:    {TwoStep, Warning, "Signed in without the 2-step verification that the policy wants: neither a trusted time nor mail is to be had for setting it up"},
	EnrolmentStarted:   {TwoStep, Info, "Setting up authenticator device “{device}”"},
	EnrolmentDiscarded: {TwoStep, Warning, "Authenticator device “{device}” was discarded: {reason}"},
	DeviceAdded:        {TwoStep, Info, "Authenticator device “{device}” added; {sessions} other sessions ended"},
	DeviceRenamed:      {TwoStep, Info, "Authenticator device “{from}” renamed to “{to}”"},
	DeviceRemoved:      {TwoStep, Warning, "Authenticator device “{device}” removed; {sessions} other sessions ended"},
	DevicesVoid:        {TwoStep, Warning, "The time went back behind the last code of {devices} of {account}: to be set up again"},
	EmailWayOn:         {TwoStep, Info, "Codes by e-mail turned on; {sessions} other sessions ended"},
	EmailWayOff:        {TwoStep, Warning, "Codes by e-mail turned off; {sessions} other sessions ended"},
	RecoveryUsed:       {TwoStep, Warning, "A recovery code was used; {left} are left"},
	RecoveryRenewed:    {TwoStep, Warning, "New recovery codes made; the old ones no longer work"},
	CodeSent:           {TwoStep, Info, "Code sent to {address}"},
	MailTried:          {Mail, Info, "Test mail by way of {server}: {outcome}"},
	MailFailed:         {Mail, Warning, "Mail to {to} failed: {reason} {next}"},
	MailDropped:        {Mail, Warning, "{count} mails were not sent: there were too many in an hour, or too many are waiting"},
	GroupAdded:         {Accounts, Info, "Group {group} added"},
	GroupChanged:       {Accounts, Info, "Group {group}: {what}"},
	GroupDeleted:       {Accounts, Warning, "Group {group} deleted"},
	AccountAdded:       {Accounts, Info, "{account} added as {role}"},
	EmailChanged:       {Accounts, Warning, "E-mail address changed; {sessions} other sessions ended"},
	EmailConfirmed:     {Accounts, Info, "E-mail address confirmed; {sessions} other sessions ended"},
	EmailRefused:       {Accounts, Warning, "E-mail address not confirmed: {reason}"},
	EmailUndone:        {Accounts, Warning, "Change of e-mail address undone with the link sent to the old one; {sessions} sessions ended"},
	AccountChanged:     {Accounts, Info, "{account}: {what}"},
	AccountDeleted:     {Accounts, Warning, "{account} deleted; {sessions} sessions ended"},

	TokenCreated:        {Accounts, Warning, "API token “{token}” made with {factor}, until {until}, for {scopes}"},
	TokenFactorChanged:  {Accounts, Warning, "API token “{token}” has another second factor: {factor}"},
	TokenRevoked:        {Accounts, Info, "API token “{token}” revoked"},
	TokenCleared:        {Accounts, Info, "API token “{token}” cleared away: the machine it was made for did not fetch it in time"},
	TokenCollected:      {Accounts, Info, "API token “{token}” fetched by the machine it was made for"},
	TokenEndsSoon:       {Accounts, Warning, "API token “{token}” ends within {left}, on {until}: make a new one under Personal Settings › API access, and give it to its machine"},
	TokenRefused:        {SignIn, Warning, "API token {token} refused: {reason}"},
	TokenSessionSold:    {SignIn, Info, "Access given for API token “{token}”"},
	TokenSessionRefused: {SignIn, Warning, "No access given for API token “{token}”: {reason}"},

	LogChained:      {System, Info, "From here on the log is guarded against silent changes; {count} older entries are not"},
	Unreadable:      {System, Error, "This part of the log cannot be read"},
	LogFull:         {System, Info, "The log is full; from now on the oldest entries go"},
	LogCleared:      {System, Warning, "The log was cleared; {count} entries are gone, up to number {last}"},
	LogExported:     {System, Info, "The log was exported as {format}: {filter}"},
	ForwardTried:    {System, Info, "Test line to the syslog server {server}: {outcome}"},
	ForwardFailed:   {System, Warning, "The log does not reach the syslog server {server}: {reason}"},
	ForwardRestored: {System, Info, "The log reaches the syslog server {server} again"},
	ForwardDropped:  {System, Warning, "{count} entries were not sent to the syslog server: too many were waiting"},
}

// Kinds lists every kind of event with its words, for documents and tests.
func Kinds() map[Kind]string {
	all := make(map[Kind]string, len(catalogue))
	for k, w := range catalogue {
		all[k] = w.text
	}
	return all
}

// Area returns the group a kind belongs to.
func (k Kind) Area() Area {
	if w, ok := catalogue[k]; ok {
		return w.area
	}
	return System
}

// Level says whether the event wants attention.
func (e Event) Level() Level {
	if e.Kind == ClockChanged && e.Get("trusted") == "no" {
		return Error
	}
	if w, ok := catalogue[e.Kind]; ok {
		return w.level
	}
	return Warning
}

// Message puts the event into a sentence.
func (e Event) Message() string {
	w, ok := catalogue[e.Kind]
	if !ok {
		return string(e.Kind)
	}
	pairs := make([]string, 0, 2*len(e.Details))
	for _, d := range e.Details {
		pairs = append(pairs, "{"+d.Name+"}", d.Value)
	}
	return strings.NewReplacer(pairs...).Replace(w.text)
}
