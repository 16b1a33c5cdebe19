#!/bin/sh
# Changes something on a NAS with an API token whose second factor is an Ed25519 key: signs the request and the digest of its body
# (RFC 9421, RFC 9530). It wants curl and openssl 3.
#
#   NAS=https://castellan.local:8001 PIN=sha256//… TOKEN_ID=… signed-change.sh PUT /network/announcement '{"enabled":true}'
#
# PIN is the public key of the NAS (docs/machines.md says how to get it), TOKEN_ID the token id that
# Personal Settings › API access shows in the row of the token. The files hold the token and the private key; nobody else may read them.
set -eu
: "${NAS:?is the address of the NAS, such as https://castellan.local:8001}"
: "${PIN:?is the public key of the NAS, such as sha256//…}"
: "${TOKEN_ID:?is the token id, from the row of the token in Personal Settings › API access}"
: "${TOKEN_FILE:=$HOME/.config/castellan-script/token}"
: "${KEY_FILE:=$HOME/.config/castellan-script/key.pem}"
method=${1:?is POST, PUT, PATCH or DELETE}
path=/api/v1${2:?is what to change, such as /network/announcement}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s' "${3:?is the body, as JSON}" >"$work/body"
digest="sha-256=:$(openssl dgst -sha256 -binary "$work/body" | openssl base64 -A):"

change() { # nonce
	input="(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created=$(date +%s);nonce=\"$1\";keyid=\"$TOKEN_ID\""
	printf '"@method": %s\n"@authority": %s\n"@path": %s\n"@query": ?\n"content-digest": %s\n"@signature-params": %s' \
		"$method" "${NAS#https://}" "$path" "$digest" "$input" >"$work/base"
	signature=$(openssl pkeyutl -sign -rawin -inkey "$KEY_FILE" -in "$work/base" | openssl base64 -A)
	# What is secret goes to curl by its standard input, so that it is not in the list of processes. The pin is checked with
	# --insecure, too: the NAS signs its certificate itself.
	printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN_FILE")" |
		curl --config - --silent --show-error --fail-with-body --max-time 60 --insecure --pinnedpubkey "$PIN" --request "$method" \
			--header "Content-Type: application/json" --header "Content-Digest: $digest" --data-binary "@$work/body" \
			--header "Signature-Input: sig1=$input" --header "Signature: sig1=:$signature:" \
			--dump-header "$work/head" --output "$work/answer" "$NAS$path"
}

# Where the clocks differ, the NAS gives a nonce that stands for the time.
if ! change "$(openssl rand -hex 16)"; then
	nonce=$(awk 'tolower($1) == "castellan-nonce:" { print $2 }' "$work/head" 2>/dev/null | tr -d '\r')
	if [ -z "$nonce" ] || ! change "$nonce"; then
		[ ! -f "$work/answer" ] || cat "$work/answer" >&2
		exit 1
	fi
fi
[ ! -f "$work/answer" ] || cat "$work/answer" # some changes have no answer but that they are done
