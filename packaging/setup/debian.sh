#!/bin/sh
# Installs what the tests want, where that is possible: on Debian, as root. Elsewhere it says nothing and
# does nothing; each test then says by itself what it misses.
set -eu

[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0

missing=
want() { # program package
	command -v "$1" >/dev/null || missing="$missing $2"
}
want gcc gcc
want chromium chromium
want oathtool oathtool
want zbarimg zbar-tools
want chronyd chrony
want qemu-system-aarch64 qemu-system-arm
want exim4 exim4-daemon-light
want hydra hydra
want openssl openssl
want curl curl
want ssh-keygen openssh-client
want rsyslogd "rsyslog rsyslog-openssl"
want systemd-analyze systemd
want slowhttptest slowhttptest
want xz xz-utils
want mkfs.ext4 e2fsprogs
want mmdebstrap mmdebstrap
want fdtput device-tree-compiler
want dbus-daemon dbus-daemon
want dnsmasq dnsmasq-base
want dhclient isc-dhcp-client
want ip iproute2
want NetworkManager network-manager
want avahi-daemon avahi-daemon
want avahi-browse avahi-utils
want setpriv util-linux
want pkaction polkitd
want prometheus prometheus

# Another apt may be at work: its lock on the packages is waited for by apt, that on the lists is not.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"; }
lists() {
	for _ in 1 2 3 4 5; do
		! apt update || return 0
		sleep 20
	done
	apt update
}

if [ -n "$missing" ]; then
	echo "installing$missing"
	lists
	# shellcheck disable=SC2086
	apt install -y --no-install-recommends $missing >/dev/null
fi

# Only one time service may be installed, and that is chrony: the other is unpacked and never set up.
cd "$(dirname "$0")/../.."
timesyncd=$PWD/.cache/timesyncd
for folder in /usr/lib/systemd "$timesyncd/usr/lib/systemd" "$timesyncd/lib/systemd"; do
	[ ! -e "$folder/systemd-timesyncd" ] || exit 0
done
work=$timesyncd.new # beside it: what was interrupted is never taken for the whole
trap 'rm -rf "$work"' EXIT
rm -rf "$work" "$timesyncd"
mkdir -p "$work"
cd "$work"
fetch() { apt download systemd-timesyncd >/dev/null 2>&1; }
if (fetch || { lists && fetch; }) && dpkg-deb -x ./*.deb root; then
	mv root "$timesyncd"
else
	echo "systemd-timesyncd cannot be fetched"
fi
