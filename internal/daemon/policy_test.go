package daemon_test

import (
	"testing"
)

// R008: whom the policy covers can do nothing before 2-step verification is on.
func TestThePolicyTakesPeopleThroughTheWizard(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.take()
	owner.refused(403, "enrollment_required", "GET", "/users", nil)
	owner.must(200, "GET", "/network", nil) // whoever has just claimed the NAS may have to mend its network first
	if s := owner.must(200, "GET", "/session", nil).body; s["must_enrol"] != true || s["may_postpone"] != true {
		t.Errorf("got %v", s)
	}
	owner.enrol()
	owner.fresh()
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user"}).body
	ines := h.browser()
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": added["password"]})
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	ines.must(200, "PATCH", "/me", obj{})

	id := added["user"].(obj)["id"].(string)
	group := owner.must(201, "POST", "/groups", obj{"name": "Family", "members": []any{id}}).body
	owner.refused(409, "name_taken", "POST", "/groups", obj{"name": "family", "members": []any{}})
	owner.refused(409, "name_taken", "POST", "/groups", obj{"name": "administrators", "members": []any{}})
	owner.refused(422, "invalid", "POST", "/groups", obj{"name": "a b", "members": []any{}})
	owner.must(200, "PUT", "/policy", obj{"two_step": "groups", "groups": []any{group["id"]}, "email_codes": "everybody"})
	owner.refused(409, "group_in_use", "DELETE", "/groups/"+group["id"].(string), nil)
	ines.refused(403, "enrollment_required", "PATCH", "/me", obj{})
	ines.refused(403, "enrollment_required", "POST", "/me/two-step/later", nil)
	if s := ines.must(200, "GET", "/session", nil).body; s["must_enrol"] != true || s["may_postpone"] != false {
		t.Errorf("got %v", s)
	}
	if u := owner.must(200, "GET", "/users/"+id, nil).body; u["demanded"] != true || u["two_step"] != false {
		t.Errorf("got %v", u)
	}
	ines.enrol()
	ines.must(200, "PATCH", "/me", obj{})
	owner.must(200, "PUT", "/policy", obj{"two_step": "everyone", "groups": []any{}, "email_codes": "nobody"})
	owner.must(204, "DELETE", "/groups/"+group["id"].(string), nil)
	owner.refused(422, "invalid", "PUT", "/policy", obj{"two_step": "groups", "groups": []any{group["id"]}, "email_codes": "nobody"})
	if groups := listOf(owner.must(200, "GET", "/groups", nil).body["groups"]); len(groups) != 2 || len(listOf(groups[1].(obj)["members"])) != 2 {
		t.Errorf("got %v", groups)
	}
}
