#!/bin/sh
# Builds the last stage of the Dockerfile of a static program, and runs it as compose.yaml does: as nobody in particular, on a
# file system that nothing is written to, behind Caddy with the file of compose.yaml. Needs no container engine, but buildah, bubblewrap,
# Caddy and curl, and DATABASE_URL: `make container` calls it.
#
#   tools/container.sh PROGRAM
# shellcheck disable=SC2086,SC2016
set -eu
program=$1
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
store="--root $scratch/store --runroot $scratch/run --storage-driver vfs"
trap 'kill $caddy $app 2>/dev/null || true; wait; buildah $store rm --all >/dev/null; rm -rf "$scratch"' EXIT
caddy='' app=''

mkdir -p "$scratch/context/src/target/release"
cp "$program" "$scratch/context/src/target/release/streammaxing"
cp "$root/LICENSE" "$scratch/context"
sed -n '/^FROM scratch/,$p' "$root/Dockerfile" | sed 's/--from=program //' > "$scratch/context/Dockerfile"
buildah $store bud --quiet --isolation chroot --format docker --tag streammaxing "$scratch/context" >/dev/null
container=$(buildah $store from streammaxing)
files=$(buildah $store mount "$container")
size=$(buildah $store inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck.Test}}' streammaxing)
bytes=$(du -sb "$files" | cut -f1)
echo "image: $bytes bytes of 40000000, $size"
[ "$bytes" -le 40000000 ]

# What an engine makes where it mounts something.
mkdir "$files/proc" "$files/dev" "$files/tmp"

# What the container has of its surroundings, and no more.
inside() {
  bwrap --as-pid-1 --info-fd 3 --unshare-all --share-net --uid 10001 --gid 10001 --cap-drop ALL --die-with-parent --clearenv \
    --ro-bind "$files" / --proc /proc --dev /dev --tmpfs /tmp \
    --setenv DATABASE_URL "$DATABASE_URL" --setenv PUBLIC_BASE_URL https://localhost \
    --setenv DISCORD_CLIENT_ID 1 --setenv DISCORD_PUBLIC_KEY "$(printf 'ab%.0s' $(seq 32))" --setenv DISCORD_BOT_TOKEN token \
    --setenv DISCORD_CLIENT_SECRET secret --setenv TWITCH_CLIENT_ID id --setenv TWITCH_CLIENT_SECRET secret \
    --setenv SESSION_SECRET "$(printf '0123%.0s' $(seq 8))" --setenv TWITCH_EVENTSUB_SECRET "$(printf '4567%.0s' $(seq 8))" \
    --setenv LOCAL_ENCRYPTION_KEY AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= \
    /usr/local/bin/streammaxing "$@" 3> "${info:-/dev/null}"
}
inside migrate
if inside ready 2>/dev/null; then echo "the health check says that nobody is well" >&2; exit 1; fi
info=$scratch/info
inside serve --listen 0.0.0.0:8080 > "$scratch/app.log" 2>&1 &
app=$!
until [ -s "$scratch/info" ]; do sleep 0.1; done
info=/dev/null
inner=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$scratch/info")
tries=0
until inside ready 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { cat "$scratch/app.log" >&2; exit 1; }
  sleep 0.2
done
echo "the health check is well"

# The Caddyfile of compose.yaml, with a certificate of its own and on ports that are free.
sed -n '/caddyfile:/,/^volumes:/p' "$root/compose.yaml" | sed -n 's/^      //p' |
  sed 's/${DOMAIN}/localhost:8443/; s/app:8080/127.0.0.1:8080/; s/encode gzip/tls internal\n  &/' > "$scratch/body"
{ printf '{\n  http_port 8081\n  admin off\n  skip_install_trust\n}\n'; cat "$scratch/body"; } > "$scratch/Caddyfile"
XDG_DATA_HOME=$scratch XDG_CONFIG_HOME=$scratch caddy run --config "$scratch/Caddyfile" > "$scratch/caddy.log" 2>&1 &
caddy=$!
ask() { curl --silent --insecure --max-time 5 "https://localhost:8443$1"; }
tries=0
until ask /api/health >/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { cat "$scratch/caddy.log" >&2; exit 1; }
  sleep 0.2
done
ask / | grep -q '<div id="root">'
ask /readyz | grep -q '"ok"'
echo "behind Caddy: the dashboard, and a database that answers"

kill -TERM "$inner"
wait $app && echo "it ends when it is asked to"
app=''
