#!/bin/sh
# Runs `vault server` or any other command, as the official image's entry point does.
set -eu
[ "$#" -gt 0 ] || set -- server -dev
case "$1" in
	-*) set -- vault "$@" ;;
	server | agent | operator | status | version) set -- vault "$@" ;;
esac
if [ "$1" = vault ] && [ "${2:-}" = server ] && [ -n "${VAULT_LOCAL_CONFIG:-}" ]; then
	printf '%s\n' "$VAULT_LOCAL_CONFIG" > /vault/config/local.json
fi
exec "$@"
