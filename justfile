# `just` lists the recipes; each is one line that also works without just.

# Lists the recipes.
default:
    @just --list

# Everything that CI checks.
check:
    .ci/run

# All tests.
test *arguments:
    cargo test {{ arguments }}

# Formatting, lints and documentation without the tests.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# A server to try things on: `just serve --profile 1.2.1`.
serve *arguments:
    cargo run --release -- serve {{ arguments }}

# The comparison with a static server; needs wrk: `just perf --quick`, `--rescue`, `--grpc`.
perf *arguments:
    benches/perf/run {{ arguments }}

# Real clients against the release build: `just clients --only npm,pypi`.
clients *arguments:
    cargo build --release
    tests/clients/run {{ arguments }}

# Every recorded transcript against the server of its version.
verify *arguments:
    cargo test --test compat {{ arguments }}

# Clusters of engines on a virtual clock with seeded faults; a failing seed says how to repeat it.
sim seeds="500":
    FACOS_SIM_SEEDS={{ seeds }} cargo test --test sim family

# One decoder under random bytes for a minute; needs cargo-fuzz and a nightly compiler.
fuzz target seconds="60":
    cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}
