package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/token"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

// stands returns why whoever was admitted to an operation may not do it any more: their session or their token has ended since, or they have
// lost the role. A request takes a while between the two: its body comes slowly, a password is hashed, a disk wakes up. It is asked in the very
// transaction of what they change, so that nothing is done after the end of their rights is on the disk.
func (a *API) stands(tx *store.Tx, op api.Operation, who *caller) error {
	gone := session.ErrEnded
	var err error
	if who.machine == nil {
		err = a.Sessions.Stand(tx, who.session.ID)
	} else {
		gone = token.ErrRefused.Because(errAway)
		err = a.Tokens.Stand(tx, who.machine.admitted, who.bearer().Address, func(id string) bool { return factor.Enabled(tx, id) })
	}
	if err != nil {
		return err
	}
	switch now, err := account.Get(tx, who.account.ID); {
	case errors.Is(err, account.ErrUnknown), err == nil && now.Disabled:
		return gone
	case err != nil:
		return err
	case op.Access == api.ForAdministrator && now.Role != account.Administrator:
		return people.ErrRole
	}
	return nil
}

// change makes a change of whoever calls, while they may. All that a signed-in caller changes goes this way or by people.Actor and
// signin.Door, which ask the same.
func (h *handlers) change(ctx context.Context, change func(*store.Tx) error) error {
	who := callerOf(ctx)
	return h.DB.Update(func(tx *store.Tx) error {
		if err := who.stands(tx); err != nil {
			return err
		}
		return change(tx)
	})
}

// still refuses whoever may not do it any more. It is for what is no change of the database, right before it is done.
func (h *handlers) still(ctx context.Context) error { return h.DB.View(callerOf(ctx).stands) }

// abide asks once more when the body of a request has come: what an operation does before or beside its transaction is not done either for
// whoever took their time with it.
func (a *API) abide(next api.StrictHandlerFunc, id string) api.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		who := callerOf(c.Request().Context())
		if who.stands == nil || c.Request().Method == http.MethodGet {
			return next(c, request)
		}
		err := a.DB.View(who.stands)
		var answer any
		if err == nil {
			answer, err = next(c, request)
		}
		if who.machine != nil && errors.Is(err, token.ErrRefused) {
			err = a.refuseMachine(id, who, who.machine.admitted.Token, err)
		}
		return answer, err
	}
}
