#!/bin/sh
# Runs redis-server, also when only its options are given, as the official image's entry point does.
set -eu
case "${1:-}" in
	'' | -* | *.conf) set -- redis-server "$@" ;;
esac
exec "$@"
