package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

// R140: the boxes as their device trees and their firmware describe them, with the key that resets each. The values are those
// of Linux's own files.
func TestTheButtonOfABoardIsTheOneOfItsDeviceTree(t *testing.T) {
	tree := func(compatible string) Identity { return Identity{Compatible: strings.Fields(compatible)} }
	tests := []struct {
		name   string
		id     Identity
		device string // empty: none is known
		key    uint16
	}{
		{"TS-219", tree("qnap,ts219 marvell,kirkwood"), "gpio_keys", 408},
		{"TS-419", tree("qnap,ts419 marvell,kirkwood"), "gpio_keys", 408},
		{"TS-433", tree("qnap,ts433 rockchip,rk3568"), "keys", 408},
		{"TS-233", tree("qnap,ts233 rockchip,rk3568"), "keys", 408},
		{"RN102", tree("netgear,readynas-102 marvell,armada370 marvell,armada-370-xp"), "gpio-keys", 408},
		{"RN104", tree("netgear,readynas-104 marvell,armada370 marvell,armada-370-xp"), "gpio-keys", 408},
		{"RN2120", tree("netgear,readynas-2120 marvell,armadaxp-mv78230 marvell,armadaxp marvell,armada-370-xp"), "gpio-keys", 408},
		{"NSA310", tree("zyxel,nsa310 marvell,kirkwood-88f6281 marvell,kirkwood"), "gpio_keys", 408},
		{"NSA320", tree("zyxel,nsa320 marvell,kirkwood-88f6281 marvell,kirkwood"), "gpio_keys", 408},
		{"NSA325", tree("zyxel,nsa325 marvell,kirkwood-88f6282 marvell,kirkwood"), "gpio_keys", 408},
		{"DNS-320", tree("dlink,dns-320-a1 dlink,dns-320 dlink,dns-kirkwood marvell,kirkwood-88f6281 marvell,kirkwood"), "gpio_keys", 408},
		{"Personal Cloud", tree("seagate,cumulus marvell,armada370 marvell,armada-370-xp"), "gpio-keys", 408},
		{"Personal Cloud 2-Bay", tree("seagate,cumulus-max marvell,armada370 marvell,armada-370-xp"), "gpio-keys", 408},
		{"ix4-300d", tree("lenovo,ix4-300d marvell,armadaxp-mv78230 marvell,armadaxp marvell,armada-370-xp"), "gpio-keys", 408},
		{"ix2-200", tree("iom,ix2-200 marvell,kirkwood-88f6281 marvell,kirkwood"), "gpio-keys", 408},
		{"APU2, old firmware", Identity{Vendor: "PC Engines", Board: "apu2", Product: "apu2"}, "apu2-keys", 408},
		{"APU3, mainline firmware", Identity{Vendor: "PC Engines", Board: "PC Engines apu3"}, "apu2-keys", 408},
		{"NAS220: its reset button sends KEY_POWER", tree("seagate,blackarmor-nas220 marvell,kirkwood-88f6192 marvell,kirkwood"), "gpio_keys", 116},
		{"My Cloud Gen2: decimal 198, on a tree that calls itself another board", Identity{
			Compatible: []string{"marvell,a375-db", "marvell,armada375"}, Model: "WD My Cloud Gen2: Marvell Armada 375",
		}, "gpio-keys", 198},
		{"LS-XHL", tree("buffalo,lsxhl buffalo,lsxl marvell,kirkwood-88f6281 marvell,kirkwood"), "", 0},
		{"2big", tree("lacie,net2big_v2 lacie,netxbig marvell,kirkwood-88f6281 marvell,kirkwood"), "", 0},
		{"5big", tree("lacie,net5big_v2 lacie,netxbig marvell,kirkwood-88f6281 marvell,kirkwood"), "", 0},
		{"CM3588", tree("friendlyarm,cm3588-nas friendlyarm,cm3588 rockchip,rk3588"), "", 0},
		{"Helios4", tree("kobol,helios4 marvell,armada388 marvell,armada385 marvell,armada380"), "", 0},
		{"Helios64", tree("kobol,helios64 rockchip,rk3399"), "", 0},
		{"HC4", tree("hardkernel,odroid-hc4 amlogic,sm1"), "", 0},
		{"DS109", tree("synology,ds109 synology,ds110jv20 synology,ds110 marvell,kirkwood"), "", 0},
		{"DS418", tree("synology,ds418 realtek,rtd1296"), "", 0},
	}
	for _, tc := range tests {
		b, known, err := BoardOf(tc.id)
		if err != nil || !known || b.Device != tc.device || b.Key != tc.key || (b.Advice != "") != (tc.device == "") {
			t.Errorf("%s: got %+v, %v, %v", tc.name, b, known, err)
		}
	}
}

// A box that nobody has looked at is never taken for another, although it shares its processor, or a part of its name.
func TestAnUnknownBoardIsNoOther(t *testing.T) {
	for _, id := range []Identity{
		{},
		{Model: " "},
		{Compatible: []string{""}},
		{Compatible: []string{"marvell,kirkwood"}},
		{Compatible: []string{"marvell,a375-db", "marvell,armada375"}, Model: "Marvell Armada 375 Development Board"},
		{Compatible: []string{"qnap,ts2190"}},
		{Compatible: []string{"example,synology"}},
		{Compatible: []string{"linux,dummy-virt"}, Model: "linux,dummy-virt"},
		{Vendor: "PC Engines", Board: "apu1"},
		{Vendor: "Example", Board: "apu2"},
		{Vendor: "QNAP", Product: "TS-453"},
		{Vendor: "ASUSTOR", Product: "AS6704T"},
	} {
		if b, known, err := BoardOf(id); known || err != nil {
			t.Errorf("%+v is taken for %q, %v", id, b.Name, err)
		}
	}
}

func TestWhatABoardCallsItselfIsRead(t *testing.T) {
	id := Identify(fstest.MapFS{
		"sys/firmware/devicetree/base/compatible": {Data: []byte("qnap,ts433\x00rockchip,rk3568\x00")},
		"sys/firmware/devicetree/base/model":      {Data: []byte("Qnap TS-433-4G NAS System 4-Bay\x00")},
	})
	if len(id.Compatible) != 2 || id.Compatible[1] != "rockchip,rk3568" || id.Model != "Qnap TS-433-4G NAS System 4-Bay" {
		t.Errorf("a device tree: %+v", id)
	}
	id = Identify(fstest.MapFS{
		"sys/class/dmi/id/sys_vendor":   {Data: []byte("PC Engines\n")},
		"sys/class/dmi/id/board_name":   {Data: []byte("apu2\n")},
		"sys/class/dmi/id/product_name": {Data: []byte("APU2\n")},
	})
	if id.Vendor != "PC Engines" || id.Board != "apu2" || id.Product != "APU2" || len(id.Compatible) != 0 {
		t.Errorf("DMI: %+v", id)
	}
	if id = Identify(fstest.MapFS{}); len(id.Compatible) != 0 || id.Model != "" || id.Vendor != "" {
		t.Errorf("neither: %+v", id)
	}
}

func TestAListOfBoardsIsReadStrictly(t *testing.T) {
	const good = "[[board]]\nname = \"x\"\ncompatible = [\"a,b\"]\ndevice = \"d\"\nkey = 1\nline = \"l\"\nactive = \"low\"\n"
	if all, err := readBoards(good); err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	for _, change := range [][2]string{
		{"name = \"x\"\n", ""}, {"compatible = [\"a,b\"]\n", ""}, {"\"a,b\"", "\"\""}, {"device = \"d\"\n", ""},
		{"key = 1", "key = 0"}, {"key = 1", "key = 768"}, {"line = \"l\"\n", ""}, {"active = \"low\"", "active = \"off\""},
		{"name", "title"}, {"key = 1\n", "key = 1\nadvice = \"y\"\n"}, {"compatible = [\"a,b\"]", "vendor = \"v\""},
	} {
		if _, err := readBoards(strings.Replace(good, change[0], change[1], 1)); err == nil {
			t.Errorf("%q instead of %q is taken", change[1], change[0])
		}
	}
	all, err := Boards()
	if err != nil || len(all) < 15 {
		t.Fatal(len(all), err)
	}
	names := map[string]string{}
	for _, b := range all {
		for _, list := range [][]string{b.Compatible, b.Model, b.Product} {
			for _, n := range list {
				if names[n] != "" {
					t.Errorf("%q is both %q and %q", n, names[n], b.Name)
				}
				names[n] = b.Name
			}
		}
	}
}
