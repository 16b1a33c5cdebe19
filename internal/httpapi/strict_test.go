package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
)

func TestEveryKindOfErrorHasAnAnswer(t *testing.T) {
	seen := map[int]bool{}
	for _, k := range fault.Kinds() {
		status, ok := statuses[k]
		if !ok || status < 400 || status > 599 || seen[status] {
			t.Errorf("kind %d is answered with %d", k, status)
		}
		seen[status] = true
		p := problem(&fault.Error{Kind: k, Code: "x", Message: "y."})
		if p.Status != status || k != fault.Internal && (p.Code != "x" || p.Detail != "y.") {
			t.Errorf("kind %d: %+v", k, p)
		}
	}
	if len(statuses) != len(fault.Kinds()) {
		t.Errorf("%d answers for %d kinds", len(statuses), len(fault.Kinds()))
	}
}

// R138
func TestWhatNobodyForesawIsGeneric(t *testing.T) {
	for _, err := range []error{
		errors.New("open /secret/path: permission denied"),
		&fault.Error{Kind: fault.Internal, Code: "leak", Message: "leak"},
		(&fault.Error{Kind: fault.Conflict, Code: "known", Message: "Known."}).Because(errors.New("leak")),
		echo.NewHTTPError(http.StatusTeapot, "leak"),
	} {
		data, _ := json.Marshal(problem(err))
		if strings.Contains(string(data), "leak") || strings.Contains(string(data), "secret") {
			t.Errorf("%v: %s", err, data)
		}
	}
}

func TestTheSmallestErrorOfAnOperationIsExplained(t *testing.T) {
	var wrong *fault.Error
	err := decode([]byte(`{"name":"x"}`), &api.Credentials{})
	if !errors.As(err, &wrong) || wrong.Fields[0].Name != "password" || wrong.Fields[0].Code != "missing" {
		t.Errorf("got %v", err)
	}
}

// The contract has only names that decode compares exactly.
func TestEveryNameOfTheContractCanBeSent(t *testing.T) {
	for _, v := range []any{api.Credentials{}, api.Claim{}, api.NewUser{}, api.UserChange{}, api.MeChange{}, api.Desktop{}, api.WindowPlace{}, api.SettingsChange{}, api.Press{}} {
		rt := reflect.TypeOf(v)
		for i := range rt.NumField() {
			name, _, _ := strings.Cut(rt.Field(i).Tag.Get("json"), ",")
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("%s.%s cannot be sent", rt.Name(), name)
			}
		}
	}
}

// R109: whatever a stranger sends, it is understood in one way or refused.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"name":"x","password":"y"}`, `{"name":"x","name":"y","password":"z"}`, `{"NAME":"x"}`, `[[[[`, `{"name":null}`, "{\"name\":\"\\ud800\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var c api.Credentials
		if err := decode(body, &c); err != nil {
			p := problem(err)
			if p.Status != 400 && p.Status != 422 {
				t.Errorf("%q is answered with %d", body, p.Status)
			}
			return
		}
		var again map[string]any
		if err := json.Unmarshal(body, &again); err != nil || again["name"] != c.Name || again["password"] != c.Password || len(again) != 2 {
			t.Errorf("%q was read as %+v", body, c)
		}
	})
}
