#!/bin/sh
# Asks a NAS with an API token whose second factor is an Ed25519 key: signs the request (RFC 9421). It wants curl and openssl 3.
#
#   NAS=https://castellan.local:8001 PIN=sha256//… TOKEN_ID=… signed-get.sh '/events?limit=5'
#
# PIN is the public key of the NAS (docs/machines.md says how to get it), TOKEN_ID the token id that
# Personal Settings › API access shows in the row of the token. The files hold the token and the private key; nobody else may read them.
set -eu
: "${NAS:?is the address of the NAS, such as https://castellan.local:8001}"
: "${PIN:?is the public key of the NAS, such as sha256//…}"
: "${TOKEN_ID:?is the token id, from the row of the token in Personal Settings › API access}"
: "${TOKEN_FILE:=$HOME/.config/castellan-script/token}"
: "${KEY_FILE:=$HOME/.config/castellan-script/key.pem}"
target=/api/v1${1:?is what to ask for, such as /time}
path=${target%%\?*}
query=${target#"$path"}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ask() { # nonce
	input="(\"@method\" \"@authority\" \"@path\" \"@query\");created=$(date +%s);nonce=\"$1\";keyid=\"$TOKEN_ID\""
	printf '"@method": GET\n"@authority": %s\n"@path": %s\n"@query": %s\n"@signature-params": %s' \
		"${NAS#https://}" "$path" "${query:-?}" "$input" >"$work/base"
	signature=$(openssl pkeyutl -sign -rawin -inkey "$KEY_FILE" -in "$work/base" | openssl base64 -A)
	# What is secret goes to curl by its standard input, so that it is not in the list of processes. The pin is checked with
	# --insecure, too: the NAS signs its certificate itself.
	printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN_FILE")" |
		curl --config - --silent --show-error --fail-with-body --max-time 60 --insecure --pinnedpubkey "$PIN" \
			--header "Signature-Input: sig1=$input" --header "Signature: sig1=:$signature:" \
			--dump-header "$work/head" --output "$work/answer" "$NAS$target"
}

# Where the clocks differ, the NAS gives a nonce that stands for the time.
if ! ask "$(openssl rand -hex 16)"; then
	nonce=$(awk 'tolower($1) == "castellan-nonce:" { print $2 }' "$work/head" 2>/dev/null | tr -d '\r')
	if [ -z "$nonce" ] || ! ask "$nonce"; then
		[ ! -f "$work/answer" ] || cat "$work/answer" >&2
		exit 1
	fi
fi
cat "$work/answer"
