#!/bin/sh
# Fetches Debian's arm64 kernel for the test machine of internal/kerneltest.
#
#   packaging/setup/kernel.sh           do nothing when the kernel is there already, with all modules that are wanted
#   packaging/setup/kernel.sh --renew   fetch the newest one again
#
# It leaves .cache/kernel/image/ with vmlinuz, release (the kernel's version), modules/*.ko and modules/order (their
# names in the order they load). Nothing on the host changes: the package list is one of its own, the package is
# unpacked and not installed. It runs as root or as any user; it needs apt, xz and the host's own package sources.
set -eu
umask 022

die() {
	echo "kernel.sh: $*" >&2
	exit 1
}

# wanted: what the machine's init loads. optional: a module that newer kernels have built into something else.
wanted="virtio_mmio virtio_net virtio_blk evdev gpio_keys gpio_beeper leds_gpio ledtrig_timer uinput ext4"
optional="crc32c_generic"

cd "$(dirname "$0")/../.."
cache=$PWD/.cache/kernel
image=$cache/image

# there says whether the kernel is there, and was fetched for what is wanted today.
there() {
	[ -f "$image/vmlinuz" ] && [ "$(cat "$image/wanted" 2>/dev/null)" = "$wanted" ]
}

case "${1-}" in
--renew) ;;
"") ! there || exit 0 ;;
*) die "unknown argument $1 (the only one is --renew)" ;;
esac

for program in apt-get apt-cache dpkg-deb xz flock; do
	command -v "$program" >/dev/null || die "$program is missing: this needs Debian, with apt, dpkg, xz-utils and util-linux"
done

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another run holds $cache/lock for ten minutes"
[ "${1-}" = --renew ] || ! there || exit 0

work=$cache/work
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/log" "$work/deb" "$work/root" "$work/image/modules"
: >"$work/state/status"

# apt reads this file after the host's, so it wins. The host's hooks are cleared: they would act on the host's lists.
cat >"$work/apt.conf" <<CONF
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::State "$work/state";
Dir::State::lists "$work/state/lists";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
Dir::Cache::archives "$work/cache/archives";
Dir::Log "$work/log";
CONF

# why prints apt's first complaint, on one line.
why() {
	sed -n 's/^[EW]: *//p' "$work/apt.log" | head -n 1
}

# A source that has nothing for arm64 makes update end badly though the others are fine: what counts is the answer below.
timeout 300 apt-get -qq -c "$work/apt.conf" update >"$work/apt.log" 2>&1 || true

# linux-image-arm64 names the real package. Its -cloud, -rt and -16k sisters have names of their own.
depends=$(apt-cache -c "$work/apt.conf" show --no-all-versions linux-image-arm64 2>/dev/null |
	sed -n 's/^Depends: *//p' | tr ',|' '\n\n' | sed 's/^ *//; s/ .*//')
package=$(echo "$depends" | grep -E '^linux-image-[0-9].*-arm64$' | grep -Ev -- '-(cloud|rt|16k)-arm64$' | head -n 1) || true
[ -n "$package" ] || die "the package sources offer no linux-image-arm64 (offline, or not Debian's): $(why)"

# Later Debian kernels keep the image and the modules in packages of their own, which this one depends on.
parts=$(apt-cache -c "$work/apt.conf" show --no-all-versions "$package" 2>/dev/null |
	sed -n 's/^Depends: *//p' | tr ',|' '\n\n' | sed 's/^ *//; s/ .*//' | grep -E '^linux-(binary|modules)-[0-9]') || true

# shellcheck disable=SC2086 # parts is a list
(cd "$work/deb" && timeout 600 apt-get -qq -c "$work/apt.conf" download "$package" $parts >"$work/apt.log" 2>&1) ||
	die "cannot fetch $package: $(why)"
for deb in "$work"/deb/*.deb; do
	dpkg-deb -x "$deb" "$work/root" || die "cannot unpack ${deb##*/}"
done

vmlinuz=$(find "$work/root" -type f -name 'vmlinuz-*' | head -n 1)
[ -n "$vmlinuz" ] || die "$package holds no vmlinuz"
release=${vmlinuz##*/vmlinuz-}
tree=$(find "$work/root" -type d -path "*/modules/$release" | head -n 1)
[ -n "$tree" ] || die "$package holds no modules for $release"

# Files are found under the kernel's own spelling of a module's name, in which every dash is an underscore.
find "$tree" -type f -name '*.ko*' | while read -r file; do
	name=${file##*/}
	echo "$(echo "${name%%.ko*}" | tr - _) $file"
done >"$work/index"
sed 's|.*/||; s/\.ko$//' "$tree/modules.builtin" 2>/dev/null | tr - _ >"$work/builtin" || true
: >"$work/image/modules/order"

# take copies a module after everything it depends on; a module built into the kernel needs no file.
take() {
	grep -qx "$1" "$work/image/modules/order" && return 0
	grep -qx "$1" "$work/builtin" && return 0
	file=$(sed -n "s/^$1 //p" "$work/index" | head -n 1)
	[ -n "$file" ] || return 1
	to=$work/image/modules/$1.ko
	case "$file" in
	*.ko.xz) xz -dc "$file" >"$to" ;;
	*.ko.zst) zstd -qdc "$file" >"$to" ;;
	*.ko.gz) gzip -dc "$file" >"$to" ;;
	*) cp "$file" "$to" ;;
	esac || die "cannot unpack module $1"
	for need in $(tr '\0' '\n' <"$to" | sed -n 's/^depends=//p' | tr ',-' ' _'); do
		take "$need" || die "module $need is missing in $package"
	done
	# sh has no local variables: after the calls above only $1 is still this call's own.
	echo "$1" >>"$work/image/modules/order"
}

for module in $optional; do
	take "$module" || true
done
for module in $wanted; do
	take "$module" || die "module $module is missing in $package"
done

cp "$vmlinuz" "$work/image/vmlinuz"
echo "$release" >"$work/image/release"
echo "$wanted" >"$work/image/wanted"
rm -rf "$image"
mv "$work/image" "$image"
echo "kernel $release is in .cache/kernel/image"
