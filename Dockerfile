# The server, built in stages: dependencies first, so that a change of the code does not compile them again.
FROM rust:1.95-bookworm AS build
WORKDIR /rowcast
# The manifests alone, with empty crates behind them.
COPY Cargo.toml Cargo.lock rust-toolchain.toml ./
COPY socketio/Cargo.toml socketio/
COPY api-schema/Cargo.toml api-schema/
COPY entity/Cargo.toml entity/
COPY migration/Cargo.toml migration/
RUN mkdir src socketio/src api-schema/src entity/src migration/src \
 && touch src/lib.rs socketio/src/lib.rs api-schema/src/lib.rs entity/src/lib.rs migration/src/lib.rs \
 && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked \
 && rm -r src socketio/src api-schema/src entity/src migration/src
COPY . .
# Newer than the empty crates, so that cargo builds them again.
RUN find src socketio api-schema entity migration -name '*.rs' -exec touch {} + \
 && cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --create-home rowcast
COPY --from=build /rowcast/target/release/rowcast /usr/local/bin/rowcast
USER rowcast
WORKDIR /data
VOLUME /data
ENV ROWCAST_BIND=0.0.0.0:5555 \
    ROWCAST_LOG_FORMAT=json
EXPOSE 5555
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=6 \
  CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:5555/readyz"]
ENTRYPOINT ["rowcast"]
