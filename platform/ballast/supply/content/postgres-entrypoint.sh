#!/bin/sh
# Starts PostgreSQL. With an empty PGDATA it first makes the cluster, the database and runs
# /docker-entrypoint-initdb.d; the cluster is made aside, so a start that was cut off is begun anew.
set -eu

: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_USER:=postgres}"
export PGDATA
: "${POSTGRES_DB:=$POSTGRES_USER}" "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"

say() { echo "postgres-entrypoint: $*"; }
die() { echo "postgres-entrypoint: $*" >&2; exit 1; }

password() {
	if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
		[ -r "$POSTGRES_PASSWORD_FILE" ] || die "cannot read POSTGRES_PASSWORD_FILE ($POSTGRES_PASSWORD_FILE)"
		cat "$POSTGRES_PASSWORD_FILE"
	else
		printf '%s' "${POSTGRES_PASSWORD:-}"
	fi
}

run_scripts() {
	for script in /docker-entrypoint-initdb.d/*; do
		case "$script" in
			*.sql) say "running $script"; psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc -q -f "$script" ;;
			*.sql.gz) say "running $script"; gunzip -c "$script" | psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc -q ;;
			*.sh) say "running $script"; . "$script" ;;
			'/docker-entrypoint-initdb.d/*') ;;
			*) say "leaving $script alone" ;;
		esac
	done
}

create() {
	fresh="$PGDATA/.fresh"
	rm -rf "$fresh"
	mkdir -p "$fresh"
	chmod 700 "$fresh"
	secret=$(password)
	if [ -z "$secret" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
		die "an empty PGDATA needs POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD"
	fi
	umask 077
	printf '%s\n' "$secret" > "$fresh.password"
	# shellcheck disable=SC2086 # several options in one variable, as in the official image
	initdb --pgdata="$fresh" --username="$POSTGRES_USER" --encoding=UTF8 --locale=C.UTF-8 \
		--auth-local=trust --auth-host=scram-sha-256 --pwfile="$fresh.password" ${POSTGRES_INITDB_ARGS:-} > /dev/null
	rm -f "$fresh.password"
	printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >> "$fresh/pg_hba.conf"
	printf "listen_addresses = '*'\n" >> "$fresh/postgresql.conf"
	pg_ctl --pgdata="$fresh" --wait --silent \
		--options="-c listen_addresses='' -c unix_socket_directories=/tmp" start
	export PGHOST=/tmp PGUSER="$POSTGRES_USER" PGDATABASE=postgres
	if [ "$POSTGRES_DB" != postgres ]; then
		createdb --no-password "$POSTGRES_DB"
		export PGDATABASE="$POSTGRES_DB"
	fi
	run_scripts
	pg_ctl --pgdata="$fresh" --wait --silent --mode=fast stop
	unset PGHOST PGUSER PGDATABASE
	# PG_VERSION goes last: only with it is this folder a cluster.
	for item in "$fresh"/* "$fresh"/.[!.]*; do
		[ -e "$item" ] || continue
		[ "${item##*/}" = PG_VERSION ] || mv -f "$item" "$PGDATA/"
	done
	mv "$fresh/PG_VERSION" "$PGDATA/"
	rmdir "$fresh"
	sync
	say "cluster made for user $POSTGRES_USER, database $POSTGRES_DB"
}

[ "$#" -gt 0 ] || set -- postgres
case "$1" in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"
[ "$(id -u)" != 0 ] || die "PostgreSQL does not run as root: run the container as 999:999"
mkdir -p "$PGDATA"
chmod 700 "$PGDATA" 2> /dev/null || die "PGDATA ($PGDATA) belongs to another user: use a folder below the volume"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	for item in "$PGDATA"/* "$PGDATA"/.[!.]*; do
		case "$item" in
			*/lost+found | "$PGDATA/*" | "$PGDATA/.[!.]*") ;;
			*) rm -rf "$item" ;;
		esac
	done
	create
fi
exec "$@"
