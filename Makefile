# Needs Rust (rustup), Node.js with npm, and a C compiler; the tests need Python 3 with venv too.
# `make dev` and `make test` get the rest.
.PHONY: help check dev dashboard release screenshots test test-rust test-dashboard proxies poolers container rehearse lint bench chaos scale archives sbom audit openapi tools \
  build arm64 deploy environment key secrets web

CARGO ?= cargo
BIN = target/debug/streammaxing

# The program with its C library inside, which runs on every Linux.
MUSL = x86_64-unknown-linux-musl
STATIC = rustup target add $(MUSL) && CC_x86_64_unknown_linux_musl=musl-gcc \
  $(CARGO) build --release --locked -p sm-cli --features dashboard --target $(MUSL)

DASHBOARD = frontend/dist/index.html
DASHBOARD_SOURCES := $(shell find frontend/src frontend/public -type f) \
  $(addprefix frontend/,index.html package.json tsconfig.json vite.config.ts tools/compress.mjs)

# What there is to make. A line here is the beginning of a target's comment.
help:
	@awk '/^# /{if (text == "") text = substr($$0, 3)} /^[a-z0-9-]+:/{if (text != "") sub(/[.:;] .*/, "", text); if (text != "") printf "%-16s%s\n", substr($$1, 1, length($$1) - 1), text} \
	  !/^# /{text = ""}' Makefile

# Run the product here, with an embedded database and simulated Twitch and Discord.
dev: $(DASHBOARD)
	$(CARGO) build -p sm-cli
	$(BIN) dev

# The dashboard's built files, in frontend/dist.
dashboard: $(DASHBOARD)

# The binary for one server, target/release/streammaxing, with the dashboard inside.
release: $(DASHBOARD)
	$(CARGO) build --release -p sm-cli --features dashboard

$(DASHBOARD): frontend/node_modules/.package-lock.json $(DASHBOARD_SOURCES)
	@echo "Building the dashboard …"
	npm --prefix frontend run --silent build

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20.19 or newer" >&2; exit 1; }
	@echo "Installing the dashboard's packages (about 400 MB) …"
	npm --prefix frontend ci
	@touch $@

# Every test: against a real Postgres that is started for it, in a real Chromium, and in a local AWS.
test: test-rust test-dashboard rehearse

test-rust:
	@[ -n "$$DISCORD_OPENAPI" ] || echo "DISCORD_OPENAPI does not name Discord's OpenAPI document: \
	requests are held to our own rules only"
	$(CARGO) build --workspace --bins
	$(BIN) with-postgres -- $(CARGO) test --workspace --all-targets
	PGBOUNCER="$$(tools/pgbouncer.sh --untracked)" && export PGBOUNCER && $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- --ignored poolers::untracked::

test-dashboard: $(DASHBOARD)
	npm --prefix frontend test
	npm --prefix frontend run --silent budget
	$(CARGO) build -p sm-cli --features dashboard
	CHROMIUM=$$(node frontend/tools/chromium.mjs) && export CHROMIUM && npm --prefix frontend run e2e
	$(BIN) with-postgres -- $(CARGO) test -p sm-tests --test integration -- --ignored self_hosting::embedded

# Self-hosting tried for real: set up by the commands of docs/self-hosting.md, behind the Caddy and nginx of its files. Another Caddy: CADDY=…
proxies:
	@for tool in $${CADDY:-caddy} nginx; do command -v $$tool >/dev/null || PATH="$$PATH:/usr/sbin" command -v $$tool \
	  >/dev/null || { echo "$$tool is missing: apt-get install caddy nginx-light" >&2; exit 1; }; done
	$(CARGO) build --workspace --bins
	PATH="$$PATH:/usr/sbin" $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- --ignored self_hosting::

# The poolers: behind a real PgBouncer that pools by transaction, with and without prepared statements tracked, while it fails too.
# PGBOUNCER=… names one; where none of 1.21 or newer is installed it is built of Debian's source package.
poolers:
	$(CARGO) build --workspace --bins
	PGBOUNCER="$$(tools/pgbouncer.sh)" && export PGBOUNCER && $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- --include-ignored poolers:: --nocapture

# The template, built by SAM and deployed into a local AWS, used from end to end, and deleted.
rehearse: $(DASHBOARD)
	$(CARGO) build --workspace --bins
	$(BIN) with-postgres -- $(CARGO) test -p sm-tests --test integration -- --ignored stack::

# The pictures in docs/screenshots, taken by a browser test.
screenshots: $(DASHBOARD)
	$(CARGO) build -p sm-cli
	CHROMIUM=$$(node frontend/tools/chromium.mjs) && export CHROMIUM && \
	  SCREENSHOTS=1 npm --prefix frontend run e2e -- screenshots.spec.ts

# The image of the Dockerfile's last stage, run as compose.yaml does, without a container engine.
container: $(DASHBOARD)
	@for tool in buildah bwrap caddy curl musl-gcc; do command -v $$tool >/dev/null || { \
	  echo "$$tool is missing: apt-get install buildah bubblewrap caddy curl musl-tools" >&2; exit 1; }; done
	$(STATIC)
	$(CARGO) build -p sm-cli
	$(BIN) with-postgres -- tools/container.sh target/$(MUSL)/release/streammaxing

# What can be checked in a minute, warm: formatting, types, lints and the tests that need no database.
check: frontend/node_modules/.package-lock.json
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) test --workspace --lib --quiet
	npm --prefix frontend exec -- tsc --noEmit -p frontend
	npm --prefix frontend run lint

# Formatting and lints.
lint: frontend/node_modules/.package-lock.json
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	npm --prefix frontend run lint
	npm --prefix frontend run api:check

# Figures of this machine; takes about ten minutes, most of it building.
bench:
	$(CARGO) build --release -p sm-lambda -p sm-cli -p sm-tests --bins
	target/release/streammaxing with-postgres --durable -- target/release/bench

# Faults, for a quarter of an hour: workers killed a hundred times while 2,000 guilds are served, a database away for 30 seconds, one that falls
# silent in the middle of sixty statements, 10,000 histories of who is there held to a model, every call to Twitch and
# Discord with every unkind answer, once and for a while, and a flood of strangers for 20 seconds, which needs a quiet
# machine. MATRIX_TABLE=1 writes down what the product did, in docs/reliability.md; MATRIX_ONLY='users × 503' plays only
# the cells with this in their name.
chaos:
	$(CARGO) build --workspace --bins
	CHAOS_KILLS=100 CHAOS_GUILDS=2000 OUTAGE_SECONDS=30 CHAOS_SILENCES=60 CHAOS_MATRIX=all \
	  PRESENCE_HISTORIES=10000 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- kills outage silence matrix presence_model
	FLOOD_SECONDS=20 FLOOD_PERCENT=100 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- flood:: --nocapture

# Sizes, for half an hour: claims beside a million pending deliveries and lists beside 20 million settled ones; requests beside a million
# preferences, six million old rows that are deleted while requests are answered, and the jobs' comparisons of 100,000
# streamers. Takes half an hour beside the builds, and 15 GB of disk.
scale:
	$(CARGO) build --release -p sm-lambda -p sm-cli -p sm-tests --bins
	SCALE_ROWS=20000000 target/release/streammaxing with-postgres --durable -- target/release/bench scale
	$(CARGO) build --workspace --bins
	SCALE_ROWS=1000000 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- scale:: --nocapture
	SCALE_ROWS=1000000 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- retention::old --nocapture
	SCALE_STREAMERS=100000 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- jobs_of_scale --nocapture

# A release's archives, in target/archives: what can be built on this machine. Needs a C compiler for musl (musl-tools).
archives: tools $(DASHBOARD) sbom
	$(STATIC)
	$(DEPLOY) build $(STAGE) --architecture arm64
	rm -rf target/archives
	python3 tools/release.py $${VERSION:?such as v0.1.0} target/archives --deployment --dashboard frontend/dist \
	  --sbom target/sbom/sbom.cdx.json --function arm64=.aws-sam/build/AppFunction-Shared/bootstrap \
	  --cli x86_64=target/$(MUSL)/release/streammaxing

# What the product is made of (CycloneDX) and under which licences, in target/sbom; refuses what deny.toml does.
sbom:
	node tools/sbom.mjs target/sbom

# Known vulnerabilities and yanked versions; asks RustSec and npm, so it needs the internet.
audit:
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny check
	npm --prefix frontend audit --omit=dev

# The description of the API and its reference page, made of the handlers.
openapi:
	$(CARGO) build -p sm-cli
	$(BIN) openapi > target/openapi.json
	$(BIN) openapi --markdown > target/api-reference.md
	mv target/openapi.json crates/api/openapi.json
	mv target/api-reference.md docs/api-reference.md
	npm --prefix frontend run api

# ---- AWS: docs/deployment.md ----

STAGE ?= dev
TOOLS = target/deploy-tools
AWS_TOOLS = PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" SAM_CLI_TELEMETRY=0
DEPLOY = $(AWS_TOOLS) python deploy/deploy.py

# SAM, cargo-lambda and the cross compiler, in an environment of their own.
tools: $(TOOLS)/bin/sam

$(TOOLS)/bin/sam: deploy/requirements.txt deploy/requirements-release.txt
	python3 -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check -r deploy/requirements.txt
	@touch $@

# The function, ready to be deployed: for the processor of the stage.
build: tools
	$(DEPLOY) build $(STAGE)

FUNCTION = $(CURDIR)/.aws-sam/build/AppFunction-Shared/bootstrap
QEMU = qemu-aarch64-static -L /usr/aarch64-linux-gnu

# The function as it is deployed: at most 6 MB, and its tests pass on it, on an emulated arm64.
arm64: tools
	$(DEPLOY) build $(STAGE) --architecture arm64
	@command -v qemu-aarch64-static >/dev/null && [ -d /usr/aarch64-linux-gnu ] || { \
	  echo "QEMU is missing: apt-get install qemu-user-static libc6-arm64-cross" >&2; exit 1; }
	python3 -m zipfile -c target/function.zip $(FUNCTION)
	@stat -c "%s bytes of 6000000" target/function.zip && [ $$(stat -c %s target/function.zip) -le 6000000 ]
	$(CARGO) build -p sm-cli
	BOOTSTRAP="$(QEMU) $(FUNCTION)" $(BIN) with-postgres -- $(CARGO) test -p sm-tests --test integration -- lambda::

# Deploys a stage: `make deploy`, `make deploy STAGE=prod`. Asks for what it does not know yet, and with GUIDED=1 for everything;
# `make deploy SET="LogLevel=debug RotationDays=90"` changes parameters.
deploy: tools
	$(DEPLOY) deploy $(STAGE) $(if $(GUIDED),--guided) $(if $(NEW_ORIGIN_SECRET),--new-origin-secret) $(SET)

# What the commands of an operator need: eval "$(make -s environment STAGE=prod)"
environment: tools
	@$(DEPLOY) environment $(STAGE)

IN_STAGE = environment="$$($(DEPLOY) environment $(STAGE))" && eval "$$environment" &&

# Lets the stack's roles use its key again.
key: tools
	$(DEPLOY) key $(STAGE)

# Asks for the secrets that are missing; `make secrets REPLACE=DISCORD_BOT_TOKEN` for one anew.
secrets: tools
	$(CARGO) build -p sm-cli
	@$(IN_STAGE) $(BIN) secrets $(if $(REPLACE),rotate $(REPLACE),bootstrap)

# The dashboard's files.
web: tools $(DASHBOARD)
	@$(IN_STAGE) $(AWS_TOOLS) python deploy/upload_site.py "$$STREAMMAXING_STACK" frontend/dist
