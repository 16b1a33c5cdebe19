#!/bin/sh
# Makes a small Debian for arm64 with the real systemd, udev, D-Bus and polkit, for the test machine of internal/kerneltest.
#
#   packaging/setup/root.sh           do nothing when it is there already, with all packages that are wanted
#   packaging/setup/root.sh --renew   make it anew
#
# It leaves .cache/root/image/ with root.ext4 and packages (what is in it). Packages are unpacked, and their scripts are not
# run, as this processor may not run them: what those of systemd and D-Bus do is done below. Nothing on the host changes. It
# runs as root, on Debian, with its own package sources.
set -eu
umask 022

die() {
	echo "root.sh: $*" >&2
	exit 1
}

wanted="systemd systemd-sysv udev dbus polkitd dash coreutils findutils grep sed util-linux mount base-passwd base-files libc-bin"

cd "$(dirname "$0")/../.."
cache=$PWD/.cache/root
image=$cache/image

there() {
	[ -f "$image/root.ext4" ] && [ "$(cat "$image/packages" 2>/dev/null)" = "$wanted" ]
}

case "${1-}" in
--renew) ;;
"") ! there || exit 0 ;;
*) die "unknown argument $1 (the only one is --renew)" ;;
esac

[ "$(id -u)" = 0 ] || die "this needs root: files of the system it makes belong to other users"
for program in mmdebstrap mkfs.ext4 systemd-sysusers flock; do
	command -v "$program" >/dev/null || die "$program is missing: this needs Debian, with mmdebstrap, e2fsprogs, systemd and util-linux"
done

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 1800 9 || die "another run holds $cache/lock for half an hour"
[ "${1-}" = --renew ] || ! there || exit 0

work=$cache/work
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/image"
root=$work/root

suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1)
[ -n "$suite" ] || die "the host does not say which Debian it is"
[ -n "$mirror" ] || die "the host has no source of Debian packages in its apt lists"

# dpkg and apt know by their documentation what the host runs; people who read it are not in the machine.
timeout 1800 mmdebstrap --quiet --mode=root --architectures=arm64 --variant=extract \
	--include="$(echo "$wanted" | tr ' ' ,)" "$suite" "$root" "$mirror" >"$cache/log" 2>&1 ||
	die "cannot fetch $suite for arm64: $(grep '^E' "$cache/log" | head -n 1)"
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/share/perl "$root"/usr/lib/*/perl* "$root"/var/cache/apt

# What the packages' scripts would do.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
printf 'g %s -\n' input kvm render sgx >"$root/usr/lib/sysusers.d/udev.conf"
systemd-sysusers --root="$root" >>"$cache/log" 2>&1 || die "cannot make the system's users: $(tail -n 1 "$cache/log")"
echo uninitialized >"$root/etc/machine-id"
mkdir -p "$root/run" "$root/proc" "$root/sys" "$root/dev"
rm -rf "$root/dev/"* "$root/var/run" "$root/var/lock"
ln -s /run "$root/var/run"
ln -s /run/lock "$root/var/lock"
# The machine's consoles and networks are the test's. What nobody there needs only takes time on an emulated processor.
for unit in serial-getty@.service getty@.service systemd-networkd.service systemd-networkd.socket systemd-timesyncd.service \
	systemd-firstboot.service modprobe@.service systemd-modules-load.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
	systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-journal-flush.service \
	dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# udev looks at what the tests have: at all devices it takes ten seconds there.
mkdir -p "$root/etc/systemd/system/systemd-udev-trigger.service.d"
cat >"$root/etc/systemd/system/systemd-udev-trigger.service.d/few.conf" <<'CONF'
[Service]
ExecStart=
ExecStart=udevadm trigger --type=devices --action=add --subsystem-match=input --subsystem-match=leds --subsystem-match=gpio
CONF

size=$(du -sm "$root" | cut -f1)
mkfs.ext4 -q -F -L root -d "$root" "$work/image/root.ext4" $((size * 5 / 4 + 96))M >>"$cache/log" || die "cannot make the disk"
echo "$wanted" >"$work/image/packages"
rm -rf "$image"
mv "$work/image" "$image"
echo "Debian $suite for arm64 is in .cache/root/image, $size MiB"
