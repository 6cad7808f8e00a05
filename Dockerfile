# The whole product in one image: API, workers, schedule, dashboard, and the operator's commands. compose.yaml runs it.

FROM node:22-alpine AS dashboard
WORKDIR /src
COPY . .
RUN npm --prefix frontend ci && npm --prefix frontend run build

FROM rust:1.95-alpine AS program
# Headers of the C library that the image has: its tag pins both.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
# The image's own toolchain, without the lints that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
COPY --from=dashboard /src/frontend/dist frontend/dist
RUN cargo build --release --locked -p sm-cli --features dashboard

# The program has its C library and the authorities of TLS inside, and needs nothing beside it.
FROM scratch
COPY --from=program /src/target/release/streammaxing /usr/local/bin/streammaxing
COPY LICENSE /usr/share/licenses/streammaxing/LICENSE
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["/usr/local/bin/streammaxing", "ready"]
# It finishes what is under way within 30 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/streammaxing"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
