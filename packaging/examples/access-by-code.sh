#!/bin/sh
# Calls a NAS with an API token whose second factor is codes: buys access with a code, and asks with that.
# It wants curl and oathtool.
#
#   NAS=https://castellan.local:8001 PIN=sha256//… access-by-code.sh /time
#
# PIN is the public key of the NAS (docs/machines.md says how to get it). The files hold the token and the secret for codes, without blanks,
# as they were shown when the token was made; nobody else may read them. A code buys access once: for several calls, buy once.
set -eu
: "${NAS:?is the address of the NAS, such as https://castellan.local:8001}"
: "${PIN:?is the public key of the NAS, such as sha256//…}"
: "${TOKEN_FILE:=$HOME/.config/castellan-script/token}"
: "${SECRET_FILE:=$HOME/.config/castellan-script/secret}"
path=${1:?is what to ask for, such as /time}

# What is secret goes to curl by its standard input, so that it is not in the list of processes. The pin is checked with --insecure, too:
# the NAS signs its certificate itself.
call() { # what is asked; on the standard input: further settings of curl
	curl --config - --silent --show-error --fail-with-body --max-time 60 --insecure --pinnedpubkey "$PIN" "$NAS/api/v1$1"
}

code=$(oathtool --totp --base32 "@$SECRET_FILE")
if ! answer=$(printf 'header = "Authorization: Bearer %s"\njson = "{\\"code\\":\\"%s\\"}"\n' "$(cat "$TOKEN_FILE")" "$code" | call /machine/session); then
	printf '%s\n' "$answer" >&2
	exit 1
fi
access=$(printf '%s' "$answer" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
printf 'header = "Authorization: Bearer %s"\n' "$access" | call "$path"
