#!/bin/sh
# Prints the path of a PgBouncer that tracks prepared statements (1.21 or newer): PGBOUNCER, the one that is installed, or
# one built here of Debian's source package, in target/pgbouncer. With --untracked any version does, and where there is
# none it is installed with apt-get.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin"
place="$PWD/target/pgbouncer"
built="$place/pgbouncer"
suite=trixie

tracks() {
  version="$("$1" --version 2>/dev/null | sed -n '1s/^PgBouncer //p')"
  case "$version" in
    "" | 0.* | 1.[0-9].* | 1.1[0-9].* | 1.20.*) return 1 ;;
  esac
}

for one in "${PGBOUNCER:-}" pgbouncer "$built"; do
  if [ -n "$one" ] && path="$(command -v "$one")" && tracks "$path"; then
    echo "$path"
    exit 0
  fi
done

missing() {
  echo "$1: install PgBouncer 1.21 or newer, or name one: PGBOUNCER=…" >&2
  exit 1
}

if [ "${1:-}" = --untracked ]; then
  if ! command -v "${PGBOUNCER:-pgbouncer}" >/dev/null; then
    echo "PgBouncer is missing: installing it with apt-get …" >&2
    as_root="$([ "$(id -u)" = 0 ] || echo "sudo -n")"
    export DEBIAN_FRONTEND=noninteractive
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends pgbouncer; } >&2 || true
  fi
  command -v "${PGBOUNCER:-pgbouncer}" && exit 0
  echo "The tests of poolers need PgBouncer: install it (Debian: sudo apt-get install pgbouncer), or name one: PGBOUNCER=…" >&2
  exit 1
fi
command -v apt-get >/dev/null || missing "no PgBouncer that tracks prepared statements is here, and apt-get is missing"
{ pkg-config --exists libevent openssl && command -v dpkg-source make cc >/dev/null; } 2>/dev/null ||
  missing "building PgBouncer needs more: apt-get install dpkg-dev make gcc pkg-config libevent-dev libssl-dev. Or"

echo "Building PgBouncer …" >&2
rm -rf "$place"
mkdir -p "$place/lists/partial" "$place/archives/partial" "$place/source"
archive="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | head -1)"
[ -n "$archive" ] || missing "this system's packages are not Debian's"
echo "deb-src $archive $suite main" >"$place/sources.list"
apt() {
  apt-get -qq -o Dir::Etc::SourceList="$place/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$place/lists" -o Dir::Cache="$place" -o APT::Sandbox::User="$(id -un)" "$@" >&2
}
apt update
(cd "$place/source" && apt source --no-install-recommends pgbouncer)
cd "$place"/source/pgbouncer-*/
{ ./configure --without-cares && make -j2; } >"$place/log" 2>&1 || missing "PgBouncer was not built, see $place/log"
cp pgbouncer "$built"
echo "$built"
