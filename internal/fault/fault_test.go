package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"castellan/internal/fault"
)

var errTaken = &fault.Error{Kind: fault.Conflict, Code: "taken", Message: "That name is taken."}

func TestCopiesAreTheSameErrorAndTheOriginalStaysAsItWas(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("add account: %w", errTaken.Because(cause).Saying("%q is taken.", "ines").After(time.Second))
	if !errors.Is(err, errTaken) {
		t.Errorf("errors.Is(%v, errTaken) = false, want true", err)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	var e *fault.Error
	if !errors.As(err, &e) || e.Message != `"ines" is taken.` || e.RetryIn != time.Second || e.Kind != fault.Conflict {
		t.Errorf("got %+v", e)
	}
	if errTaken.Err != nil || errTaken.RetryIn != 0 || errTaken.Message != "That name is taken." {
		t.Errorf("the sentinel changed: %+v", errTaken)
	}
}

func TestOtherCodesAreOtherErrors(t *testing.T) {
	other := &fault.Error{Kind: fault.Conflict, Code: "other", Message: "That name is taken."}
	if errors.Is(other, errTaken) {
		t.Error("errors with different codes are equal")
	}
}

func TestTheZeroKindIsInternal(t *testing.T) {
	if got := (&fault.Error{}).Kind; got != fault.Internal {
		t.Errorf("got %v, want Internal", got)
	}
}

func TestInvalidFieldsSpeakWithTheFirstFieldsWords(t *testing.T) {
	err := fault.InvalidFields(fault.Field{Name: "name", Code: "too_long", Message: "At most 32 characters."}, fault.Field{Name: "role"})
	if err.Message != "At most 32 characters." || err.Kind != fault.Invalid || len(err.Fields) != 2 {
		t.Errorf("got %+v", err)
	}
}
