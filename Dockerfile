# The web app and the server, each built with its dependencies first, so that a change of the code does not fetch or compile them again.
FROM node:20-bookworm-slim AS web
WORKDIR /rowcast
COPY package.json package-lock.json ./
COPY client/package.json client/
COPY web/package.json web/
# Without the packages of the tests, whose manifests are not here.
RUN npm ci --workspace client --workspace web --no-audit --no-fund
COPY api-schema/generated api-schema/generated
COPY client client
COPY web web
RUN npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /rowcast
# No debugger runs in the image; names alone make a backtrace readable, at a quarter of the size.
ENV CARGO_PROFILE_RELEASE_DEBUG=none \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo
# The manifests alone, with empty crates and what they name behind them. rust-toolchain.toml stays out: the tag above is the toolchain.
COPY Cargo.toml Cargo.lock ./
COPY socketio/Cargo.toml socketio/
COPY schema/Cargo.toml schema/
COPY rowcast/Cargo.toml rowcast/
COPY rowcast/derive/Cargo.toml rowcast/derive/
COPY migration/Cargo.toml migration/
COPY examples/chat/Cargo.toml examples/chat/
COPY examples/support-desk/Cargo.toml examples/support-desk/
COPY test-support/Cargo.toml test-support/
RUN for crate in . socketio schema rowcast rowcast/derive migration examples/chat examples/support-desk test-support; do \
        mkdir $crate/src && touch $crate/src/lib.rs; \
    done \
 && mkdir socketio/examples && touch socketio/examples/admin.rs \
 && echo 'fn main() {}' | tee src/main.rs rowcast/src/main.rs examples/chat/src/main.rs > examples/support-desk/src/main.rs \
 && cargo build --release --locked --bin planner
# By name, so that a change of the web app does not build the server.
COPY src src
COPY socketio socketio
COPY schema schema
COPY rowcast rowcast
COPY migration migration
# Newer than the empty crates, or cargo would take those for built.
RUN find src */src rowcast/derive/src -name '*.rs' -exec touch {} + \
 && cargo build --release --locked --bin planner

# Nothing is installed here: the certificates to check a database by are in the program.
FROM debian:bookworm-slim
# The folder belongs to its user, and so does a new volume that is mounted there.
RUN useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin rowcast \
 && install --directory --owner rowcast --group rowcast /data
COPY --from=build /rowcast/target/release/planner /usr/local/bin/planner
# With the compressed forms that the build wrote, and their times; the server compresses nothing.
COPY --from=web /rowcast/web/dist /usr/share/rowcast/web
USER rowcast
WORKDIR /data
# If the port is published beyond this machine, ROWCAST_ORIGINS has to name the accepted origins.
ENV ROWCAST_BIND=0.0.0.0:5555 \
    ROWCAST_LOG_FORMAT=json \
    ROWCAST_ORIGINS=localhost \
    ROWCAST_WEB=/usr/share/rowcast/web
EXPOSE 5555
# The program asks the server that runs as the first process, wherever flags and variables have put it; no other client need be here.
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s --retries=6 CMD ["planner", "health", "--of", "1"]
ENTRYPOINT ["planner"]
