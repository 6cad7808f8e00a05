# Needs Rust (rustup), Node.js with npm, and a C compiler; the tests need Python 3 with venv too.
# `make dev` and `make test` get the rest.
.PHONY: dev test lint bench chaos scale openapi

CARGO ?= cargo
BIN = target/debug/streammaxing

# Run the product here, with an embedded database and simulated Twitch and Discord.
dev:
	$(CARGO) build -p sm-cli
	$(BIN) dev

# Every test, against a real Postgres that is started for it.
test:
	@[ -n "$$DISCORD_OPENAPI" ] || echo "DISCORD_OPENAPI does not name Discord's OpenAPI document: \
	requests are held to our own rules only"
	$(CARGO) build --workspace --bins
	$(BIN) with-postgres -- $(CARGO) test --workspace --all-targets

# Formatting and lints.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

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
