package httpapi

import (
	"context"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
)

// The sizes of a page.
const (
	usersPage  = 100
	eventsPage = 50
	maxPage    = 200
)

// pageSize reads the parameter limit.
func pageSize(asked *int, usual int) (int, error) {
	if asked == nil {
		return usual, nil
	}
	if *asked < 1 || *asked > maxPage {
		return 0, fault.InvalidField("limit", "out_of_range", "Between 1 and 200.")
	}
	return *asked, nil
}

func (h *handlers) ListUsers(_ context.Context, r api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	limit, err := pageSize(r.Params.Limit, usersPage)
	if err != nil {
		return nil, err
	}
	page, total, err := h.Office.List(account.Query{Search: value(r.Params.Search), After: value(r.Params.After), Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	v := api.ListUsers200JSONResponse{Users: []api.User{}, Total: total}
	if len(page) > limit {
		page = page[:limit]
		v.Next = &page[limit-1].Name
	}
	for _, p := range page {
		v.Users = append(v.Users, userView(p))
	}
	return v, nil
}

func (h *handlers) AddUser(ctx context.Context, r api.AddUserRequestObject) (api.AddUserResponseObject, error) {
	g, err := h.Office.Add(ctx, callerOf(ctx).actor(), people.NewPerson{
		Account: account.Account{Name: r.Body.Name, DisplayName: value(r.Body.DisplayName), Email: value(r.Body.Email), Role: account.Role(r.Body.Role)},
		Group:   value(r.Body.Group),
	})
	return api.AddUser201JSONResponse(addedView(g)), err
}

func (h *handlers) InviteUser(ctx context.Context, r api.InviteUserRequestObject) (api.InviteUserResponseObject, error) {
	g, err := h.Office.Invite(callerOf(ctx).actor(), r.Id)
	return api.InviteUser200JSONResponse(addedView(g)), err
}

func (h *handlers) PreviewUsers(_ context.Context, r api.PreviewUsersRequestObject) (api.PreviewUsersResponseObject, error) {
	lines, newGroups, err := h.Office.Preview(r.Body.Text)
	if err != nil {
		return nil, err
	}
	v := api.PreviewUsers200JSONResponse{Lines: []api.PeopleLine{}, NewGroups: append([]string{}, newGroups...)}
	for _, l := range lines {
		line := api.PeopleLine{Line: l.Number, Name: l.Name, DisplayName: l.DisplayName, Email: l.Email, Group: l.Group, Invited: l.Invited}
		if l.Problem != "" {
			line.Problem = &l.Problem
		}
		v.Lines = append(v.Lines, line)
	}
	return v, nil
}

func (h *handlers) GetUser(_ context.Context, r api.GetUserRequestObject) (api.GetUserResponseObject, error) {
	p, err := h.Office.Get(r.Id)
	return api.GetUser200JSONResponse(userView(p)), err
}

func (h *handlers) ChangeUser(ctx context.Context, r api.ChangeUserRequestObject) (api.ChangeUserResponseObject, error) {
	p, err := h.Office.Change(callerOf(ctx).actor(), r.Id, people.Change{
		DisplayName: r.Body.DisplayName, Email: r.Body.Email, Role: (*account.Role)(r.Body.Role), Disabled: r.Body.Disabled,
	})
	return api.ChangeUser200JSONResponse(userView(p)), err
}

func (h *handlers) DeleteUser(ctx context.Context, r api.DeleteUserRequestObject) (api.DeleteUserResponseObject, error) {
	if err := h.Office.Delete(callerOf(ctx).actor(), r.Id); err != nil {
		return nil, err
	}
	if err := h.DB.Tidy(); err != nil { // the store tries that again by itself
		h.Out.Warn("compact database after deleting an account", "err", err)
	}
	return api.DeleteUser204Response{}, nil
}

func (h *handlers) TurnUserTwoStepOff(ctx context.Context, r api.TurnUserTwoStepOffRequestObject) (api.TurnUserTwoStepOffResponseObject, error) {
	p, err := h.Office.TurnTwoStepOff(callerOf(ctx).actor(), r.Id)
	return api.TurnUserTwoStepOff200JSONResponse(userView(p)), err
}

func (h *handlers) SetTemporaryPassword(ctx context.Context, r api.SetTemporaryPasswordRequestObject) (api.SetTemporaryPasswordResponseObject, error) {
	g, err := h.Office.Temporary(ctx, callerOf(ctx).actor(), r.Id)
	return api.SetTemporaryPassword200JSONResponse(givenView(g)), err
}
