#!/usr/bin/env bash
# Put the real clients that tests/conformance runs into .clients/ of this checkout. Quick when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

NEW=0.49.0
PYTHON=${PYTHON:-python3}

# A folder holds a client of this version when the client, asked, says so.
has() { [ -x "$1" ] && "$1" --version 2>/dev/null | grep -qF "$2"; }

install_sentry_cli() { # folder, version
    has "$1/bin/sentry-cli" "$2" && return
    rm -rf "$1"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
        --no-deps --target "$1" "sentry-cli==$2"
    has "$1/bin/sentry-cli" "$2" || { echo "sentry-cli $2 does not run from $1." >&2; exit 1; }
}

install_npm() {
    command -v npm >/dev/null && return
    apt-get update -q
    apt-get install -qy --no-install-recommends nodejs npm
}

# Debian 12 has node 18, and the newer client needs 20: then one is put beside it, where the tests look first.
node_is_old() { [ "$(node --version | tr -d v | cut -d. -f1)" -lt 20 ]; }

install_new() {
    grep -qsF "\"version\": \"$NEW\"" .clients/new/node_modules/sentry/package.json && return
    install_npm
    local wanted=("sentry@$NEW")
    if node_is_old; then wanted+=("node@20"); fi
    npm install --prefix .clients/new --no-package-lock --no-audit --no-fund --loglevel error "${wanted[@]}"
}

mkdir -p .clients
install_sentry_cli .clients/cli2 2.58.6
install_sentry_cli .clients/cli3 3.8.2
install_new
