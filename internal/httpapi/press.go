package httpapi

import (
	"context"
	"time"

	"castellan/internal/access/presence"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
)

var errNoPress = &fault.Error{Kind: fault.Conflict, Code: "no_button", Message: "The button of this NAS does not answer. Choose another way."}

func pressView(state presence.State, left time.Duration) api.PressWait {
	return api.PressWait{State: api.PressWaitState(state), ExpiresIn: seconds(left)}
}

func (h *handlers) AskPress(ctx context.Context, _ api.AskPressRequestObject) (api.AskPressResponseObject, error) {
	if !h.Button.Status().Works() {
		return nil, errNoPress
	}
	who := callerOf(ctx)
	left, err := h.Door.AskPress(who.visitor, who.cookie)
	if err != nil {
		return nil, ended(ctx, err)
	}
	return api.AskPress200JSONResponse(pressView(presence.Waiting, left)), nil
}

func (h *handlers) GetPress(ctx context.Context, _ api.GetPressRequestObject) (api.GetPressResponseObject, error) {
	state, left, err := h.Door.Pressed(callerOf(ctx).cookie)
	if err != nil {
		return nil, err
	}
	return api.GetPress200JSONResponse(pressView(state, left)), nil
}

func (h *handlers) AskUnlockPress(ctx context.Context, r api.AskUnlockPressRequestObject) (api.AskUnlockPressResponseObject, error) {
	if !h.Button.Status().Works() {
		return nil, errNoPress
	}
	wait, left, err := h.Door.AskUnlockPress(callerOf(ctx).visitor, r.Body.Name)
	if err != nil {
		return nil, err
	}
	return api.AskUnlockPress200JSONResponse{Token: wait, ExpiresIn: seconds(left)}, nil
}

func (h *handlers) GetUnlockPress(ctx context.Context, r api.GetUnlockPressRequestObject) (api.GetUnlockPressResponseObject, error) {
	who := callerOf(ctx)
	state, left, cookie, err := h.Door.UnlockPressed(who.visitor, r.Body.Token)
	if err != nil {
		return nil, err
	}
	if cookie != "" {
		who.know(cookie)
	}
	return api.GetUnlockPress200JSONResponse(pressView(state, left)), nil
}
