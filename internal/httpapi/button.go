package httpapi

import (
	"cmp"
	"context"
	"time"

	"castellan/internal/box/button"
	"castellan/internal/fault"
	"castellan/internal/httpapi/api"
)

func (h *handlers) button() api.Button {
	v := buttonView(h.Button.Status(), h.Clock.Now())
	f := h.Feedback()
	v.Feedback.Light, v.Feedback.Warning, v.Feedback.Beeper = named(f.Light), named(f.Warning), named(f.Beeper)
	return v
}

// named is a name, or nil where there is none.
func named(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

func (h *handlers) GetButton(context.Context, api.GetButtonRequestObject) (api.GetButtonResponseObject, error) {
	return api.GetButton200JSONResponse(h.button()), nil
}

func (h *handlers) ChooseButton(ctx context.Context, r api.ChooseButtonRequestObject) (api.ChooseButtonResponseObject, error) {
	var k *button.InputKey
	switch code := value(r.Body.Key); {
	case (r.Body.Device == nil) != (r.Body.Key == nil):
		return nil, fault.InvalidField("key", "missing", "A device and one of its keys, or neither.")
	case r.Body.Device != nil && (code <= 0 || code > int(button.MaxKey)):
		return nil, fault.InvalidField("key", "out_of_range", "The code of a key.")
	case r.Body.Device != nil:
		k = &button.InputKey{Device: *r.Body.Device, Key: uint16(code)}
	}
	err := h.Office.ChooseButton(callerOf(ctx).actor(), k)
	return api.ChooseButton200JSONResponse(h.button()), err
}

func lessonView(l button.Lesson) api.ButtonLesson {
	v := api.ButtonLesson{Left: seconds(l.Left), Heard: []api.HeardKey{}, Unheard: append([]string{}, l.Unheard...)}
	for _, k := range l.Heard {
		v.Heard = append(v.Heard, api.HeardKey{
			Device: k.Device, Key: int(k.Key), Name: button.KeyName(k.Key), Presses: k.Presses, Pressed: k.Pressed, HeldMs: k.Held.Milliseconds(),
		})
	}
	return v
}

func (h *handlers) GetButtonLesson(context.Context, api.GetButtonLessonRequestObject) (api.GetButtonLessonResponseObject, error) {
	return api.GetButtonLesson200JSONResponse(lessonView(h.Button.Lesson())), nil
}

func (h *handlers) LearnButton(ctx context.Context, _ api.LearnButtonRequestObject) (api.LearnButtonResponseObject, error) {
	err := h.Office.ListenForButton(callerOf(ctx).actor())
	return api.LearnButton200JSONResponse(lessonView(h.Button.Lesson())), err
}

func (h *handlers) EndButtonLesson(context.Context, api.EndButtonLessonRequestObject) (api.EndButtonLessonResponseObject, error) {
	h.Button.EndLearning()
	return api.EndButtonLesson204Response{}, nil
}

func (h *handlers) TestButton(ctx context.Context, _ api.TestButtonRequestObject) (api.TestButtonResponseObject, error) {
	err := h.Office.TestButton(callerOf(ctx).actor())
	return api.TestButton200JSONResponse(h.button()), err
}

func (h *handlers) EndButtonTest(context.Context, api.EndButtonTestRequestObject) (api.EndButtonTestResponseObject, error) {
	h.Button.EndTest()
	return api.EndButtonTest204Response{}, nil
}

func (h *handlers) EnableButton(ctx context.Context, r api.EnableButtonRequestObject) (api.EnableButtonResponseObject, error) {
	var err error
	if by := callerOf(ctx).actor(); r.Body.Enabled {
		err = h.Office.EnableButton(by)
	} else {
		err = h.Office.DisableButton(by, value(r.Body.NasName))
	}
	return api.EnableButton200JSONResponse(h.button()), err
}

// longestPress bounds how long the simulated button can be held.
const longestPress = time.Minute

func (h *handlers) LocalPressButton(ctx context.Context, r api.LocalPressButtonRequestObject) (api.LocalPressButtonResponseObject, error) {
	hold := time.Duration(r.Body.HoldMs) * time.Millisecond
	if hold <= 0 || hold > longestPress {
		return nil, fault.InvalidField("hold_ms", "out_of_range", "Between 1 and 60000.")
	}
	p, said, err := h.Button.Hold(ctx, hold)
	return api.LocalPressButton200JSONResponse{Outcome: api.Outcome(cmp.Or(string(p.Outcome), "nothing")), Words: said}, err
}
