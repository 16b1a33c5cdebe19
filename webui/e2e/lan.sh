#!/bin/sh
# A network of its own for a NAS and a browser, in namespaces: this is the box with the card eth0, the namespace "router" the machine
# behind its cable, which answers DHCP with 192.0.2.50, announces 2001:db8:1::/64 and has the browser. internal/realtest builds the same.
# $1: networkd, NetworkManager or none; $2: a folder for what is needed here; ROUTERLESS: DHCP names no router, and none announces
# itself; NEIGHBOUR: a name that another machine on the network has.
set -e
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
mount --make-rprivate /
mount -t sysfs -o ro sysfs /sys
for dir in /run /etc/NetworkManager /etc/systemd/network /var/lib/NetworkManager /var/lib/dhcp /var/lib/misc; do
	mkdir -p "$dir"
	mount -t tmpfs -o mode=0755 tmpfs "$dir"
done
echo 'nameserver 192.0.2.1' >"$2/resolv.conf"
mount --bind "$2/resolv.conf" /etc/resolv.conf
ip link set lo up
ip netns add router
router() { ip netns exec router "$@"; }
router ip link set lo up
# A browser ends what it has under way when its own machine gets an address.
for what in accept_ra autoconf; do router sh -c "echo 0 >/proc/sys/net/ipv6/conf/all/$what; echo 0 >/proc/sys/net/ipv6/conf/default/$what"; done
router ip link add wire type bridge
router ip link set wire up
for address in 192.0.2.1/24 198.51.100.1/24 2001:db8:1::1/64; do router ip address add "$address" dev wire nodad; done
ip link add eth0 type veth peer name to-eth0 netns router
router sh -c 'echo 1 >/proc/sys/net/ipv6/conf/to-eth0/disable_ipv6'
router ip link set to-eth0 master wire
router ip link set to-eth0 up
bus() { # one at this path
	cat >"$1.conf" <<BUS
<busconfig><type>system</type><listen>unix:path=$1</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
BUS
	dbus-daemon --config-file="$1.conf" --fork --nopidfile --nosyslog
}
bus "$2/bus"
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$2/bus" SYSTEMD_LOG_TARGET=console
if [ "$NEIGHBOUR" ]; then
	bus "$2/other"
	printf '[server]\nhost-name=%s\nallow-interfaces=wire\n[publish]\npublish-hinfo=no\npublish-workstation=no\n' "$NEIGHBOUR" >"$2/avahi.conf"
	mkdir -p /run/avahi-daemon
	DBUS_SYSTEM_BUS_ADDRESS="unix:path=$2/other" ip netns exec router avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$2/avahi.conf" >"$2/avahi" 2>&1 &
fi
if [ "$ROUTERLESS" ]; then offer=--dhcp-option=3; else offer='--dhcp-range=2001:db8:1::,ra-only --enable-ra'; fi
# shellcheck disable=SC2086 # two words
router dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --interface=wire --bind-interfaces --no-ping --user=root \
	--pid-file=/run/dnsmasq.pid --dhcp-leasefile="$2/leases" --dhcp-authoritative --log-facility=/dev/null --domain=house.test \
	--dhcp-range=192.0.2.50,192.0.2.50,2m $offer
case $1 in
networkd)
	mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/network
	printf '[Match]\nName=eth*\n[Network]\nDHCP=yes\nIPv6PrivacyExtensions=no\n' >/etc/systemd/network/80-wired.network
	chown -R systemd-network /run/systemd/netif
	/usr/lib/systemd/systemd-networkd >"$2/service" 2>&1 &
	;;
NetworkManager)
	mkdir -p /etc/NetworkManager/system-connections /etc/NetworkManager/conf.d /run/NetworkManager
	printf '[main]\nplugins=keyfile\nauth-polkit=false\ndns=none\n[device]\nmatch-device=interface-name:*\nmanaged=1\n' >/etc/NetworkManager/NetworkManager.conf
	NetworkManager --debug --log-level=INFO >"$2/service" 2>&1 &
	;;
none)
	ip link set eth0 up
	ip address add 192.0.2.50/24 dev eth0
	ip route add default via 192.0.2.1
	;;
esac
# Until the box has its address and every address is known to be its own.
until ip -o address show dev eth0 | grep -q 192.0.2.50 && ! ip -6 address show tentative | grep -q .; do sleep 0.1; done
# Until the other machine has its name: it was there first only then.
has_name() { dbus-send --bus="unix:path=$1" --dest=org.freedesktop.Avahi --print-reply / org.freedesktop.Avahi.Server.GetState 2>&1 | grep -q 'int32 2'; }
if [ "$NEIGHBOUR" ]; then until has_name "$2/other"; do sleep 0.1; done; fi
echo ready
exec sleep infinity
