# Needs Rust (rustup), Node.js with npm, and a C compiler; the tests need Python 3 with venv too.
# `make dev` and `make test` get the rest.
.PHONY: dev dashboard screenshots test test-rust test-dashboard lint bench chaos scale openapi

CARGO ?= cargo
BIN = target/debug/streammaxing

DASHBOARD = frontend/dist/index.html
DASHBOARD_SOURCES := $(shell find frontend/src frontend/public -type f) \
  $(addprefix frontend/,index.html package.json tsconfig.json vite.config.ts tools/compress.mjs)

# Run the product here, with an embedded database and simulated Twitch and Discord.
dev: $(DASHBOARD)
	$(CARGO) build -p sm-cli
	$(BIN) dev

# The dashboard's built files, in frontend/dist.
dashboard: $(DASHBOARD)

$(DASHBOARD): frontend/node_modules/.package-lock.json $(DASHBOARD_SOURCES)
	@echo "Building the dashboard …"
	npm --prefix frontend run --silent build

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20.19 or newer" >&2; exit 1; }
	@echo "Installing the dashboard's packages (about 400 MB) …"
	npm --prefix frontend ci
	@touch $@

# Every test: against a real Postgres that is started for it, and in a real Chromium.
test: test-rust test-dashboard

test-rust:
	@[ -n "$$DISCORD_OPENAPI" ] || echo "DISCORD_OPENAPI does not name Discord's OpenAPI document: \
	requests are held to our own rules only"
	$(CARGO) build --workspace --bins
	$(BIN) with-postgres -- $(CARGO) test --workspace --all-targets

test-dashboard: $(DASHBOARD)
	npm --prefix frontend test
	npm --prefix frontend run --silent budget
	$(CARGO) build -p sm-cli
	CHROMIUM=$$(node frontend/tools/chromium.mjs) && export CHROMIUM && npm --prefix frontend run e2e

# The pictures in docs/screenshots, taken by a browser test.
screenshots: $(DASHBOARD)
	$(CARGO) build -p sm-cli
	CHROMIUM=$$(node frontend/tools/chromium.mjs) && export CHROMIUM && \
	  SCREENSHOTS=1 npm --prefix frontend run e2e -- screenshots.spec.ts

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

# Workers killed a hundred times while 2,000 guilds are served, and a database away for 30 seconds.
chaos:
	$(CARGO) build --workspace --bins
	CHAOS_KILLS=100 CHAOS_GUILDS=2000 OUTAGE_SECONDS=30 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- kills outage

# Times of requests beside a million preferences and a million log rows; filling takes a minute.
scale:
	$(CARGO) build --workspace --bins
	SCALE_ROWS=1000000 $(BIN) with-postgres -- \
	  $(CARGO) test -p sm-tests --test integration -- scale --nocapture

# The description of the API and its reference page, made of the handlers.
openapi:
	$(CARGO) build -p sm-cli
	$(BIN) openapi > target/openapi.json
	$(BIN) openapi --markdown > target/api-reference.md
	mv target/openapi.json crates/api/openapi.json
	mv target/api-reference.md docs/api-reference.md
	npm --prefix frontend run api
