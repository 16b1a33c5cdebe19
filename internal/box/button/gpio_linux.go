package button

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/warthog618/go-gpiocdev"
	"golang.org/x/sys/unix"
)

// edgeBuffer holds the edges that come while a press is being acted upon. A contact that bounces more
// often than that in one press is reported as lost.
const edgeBuffer = 64

// Open claims the line through the GPIO character device (Documentation/userspace-api/gpio/chardev.rst).
// The kernel stamps the edges itself, so a busy box does not lengthen a press.
func (g GPIOLine) Open() (Line, error) {
	chip, offset, err := g.find()
	if err != nil {
		return Line{}, err
	}
	defer func() { _ = chip.Close() }()
	info, err := chip.LineInfo(offset)
	if err != nil {
		return Line{}, fmt.Errorf("%s has no line %d. Correct [button] line in the config file", chip.Name, offset)
	}
	if info.Used {
		return Line{}, inUse(chip.Name, info)
	}
	edges, lost := make(chan Edge, edgeBuffer), make(chan bool, 1)
	var line *gpiocdev.Line
	ready := make(chan struct{}) // closed when line is set
	var count uint32
	handler := func(e gpiocdev.LineEvent) {
		gap := count != 0 && e.LineSeqno != 0 && e.LineSeqno != count+1
		count = e.LineSeqno
		sent := false
		if !gap {
			select {
			case edges <- Edge{Pressed: e.Type == gpiocdev.LineEventRisingEdge, At: e.Timestamp}:
				sent = true
			default:
			}
		}
		if !sent {
			<-ready
			if value, err := line.Value(); err == nil {
				select {
				case lost <- value == 1:
				default:
				}
			}
		}
	}
	if line, err = g.request(chip, offset, handler); err != nil {
		return Line{}, explain(chip.Name, info, err)
	}
	close(ready)
	value, err := line.Value() // a button that is already held gives no edge
	if err != nil {
		_ = line.Close()
		return Line{}, fmt.Errorf("line %d of %s cannot be read: %w", offset, chip.Name, err)
	}
	return Line{Pressed: value == 1, Edges: edges, Lost: lost, Close: line.Close}, nil
}

// request asks for both edges, debounced by the kernel where it can (Linux 5.10).
func (g GPIOLine) request(chip *gpiocdev.Chip, offset int, handler gpiocdev.EventHandler) (*gpiocdev.Line, error) {
	options := []gpiocdev.LineReqOption{
		gpiocdev.WithConsumer("castellan"), gpiocdev.AsInput, gpiocdev.WithBothEdges, gpiocdev.WithEventHandler(handler),
	}
	if g.ActiveLow {
		options = append(options, gpiocdev.AsActiveLow)
	}
	switch g.Bias {
	case "pull-up":
		options = append(options, gpiocdev.WithPullUp)
	case "pull-down":
		options = append(options, gpiocdev.WithPullDown)
	case "disabled":
		options = append(options, gpiocdev.WithBiasDisabled)
	}
	line, err := chip.RequestLine(offset, append(options, gpiocdev.WithDebounce(g.Debounce))...)
	var old gpiocdev.ErrUapiIncompatibility
	if errors.As(err, &old) {
		return chip.RequestLine(offset, options...) // the gesture debounces as well
	}
	return line, err
}

// find opens the chip and finds the line on it.
func (g GPIOLine) find() (*gpiocdev.Chip, int, error) {
	names := gpiocdev.Chips()
	if len(names) == 0 {
		return nil, 0, errors.New("this kernel shows no GPIO chip. Load its driver, or set another [button] source in the config file")
	}
	if strings.HasPrefix(g.Chip, "/") {
		path, err := filepath.EvalSymlinks(g.Chip) // the library takes no links, and udev makes them
		if err != nil {
			return nil, 0, fmt.Errorf("there is no %s. Correct [button] chip in the config file", g.Chip)
		}
		names = []string{path}
	}
	var denied error
	for _, name := range names {
		chip, err := gpiocdev.NewChip(name)
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				denied = fmt.Errorf("the daemon may not open %s. Add its user to the group that owns it", name)
			}
			continue
		}
		byName := g.Chip == "" || strings.HasPrefix(g.Chip, "/") || g.Chip == chip.Name || g.Chip == chip.Label
		if offset, ok := g.offset(chip); byName && ok {
			return chip, offset, nil
		}
		_ = chip.Close()
	}
	if denied != nil {
		return nil, 0, denied
	}
	return nil, 0, fmt.Errorf("there is no %s. Correct [button] in the config file", g.Name())
}

func (g GPIOLine) offset(chip *gpiocdev.Chip) (int, bool) {
	if n, err := strconv.Atoi(g.Line); err == nil {
		return n, true
	}
	n, err := chip.FindLine(g.Line)
	return n, err == nil
}

// inUse explains who has the line. On most NAS boards a kernel driver does.
func inUse(chip string, info gpiocdev.LineInfo) error {
	owner := "something else"
	if info.Consumer != "" {
		owner = strconv.Quote(info.Consumer)
	}
	return fmt.Errorf("line %d of %s is held by %s, a driver of the kernel or another program. Choose a line that is free", info.Offset, chip, owner)
}

func explain(chip string, info gpiocdev.LineInfo, err error) error {
	switch {
	case errors.Is(err, unix.EBUSY):
		return inUse(chip, info)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the daemon may not use line %d of %s. Add its user to the group that owns the chip", info.Offset, chip)
	default:
		return fmt.Errorf("line %d of %s cannot be claimed: %w", info.Offset, chip, err)
	}
}
