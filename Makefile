# Needs Rust (rustup), Node.js with npm, and a C compiler. `make dev` and `make test` get the rest.
.PHONY: dev test lint

CARGO ?= cargo
BIN = target/debug/streammaxing

# Run the product here, with an embedded database and simulated Twitch and Discord.
dev:
	$(CARGO) build -p sm-cli
	$(BIN) dev

# Every test, against a real Postgres that is started for it.
test:
	$(CARGO) build --workspace --bins
	$(BIN) with-postgres -- $(CARGO) test --workspace

# Formatting and lints.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
