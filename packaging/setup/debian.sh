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
want rsyslogd "rsyslog rsyslog-openssl"
want systemd-analyze systemd
want slowhttptest slowhttptest
want xz xz-utils
want mkfs.ext4 e2fsprogs
[ -n "$missing" ] || exit 0

echo "installing$missing"
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
