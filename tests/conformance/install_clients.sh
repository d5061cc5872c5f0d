#!/usr/bin/env bash
# Put the real clients that tests/conformance runs into .clients/ of this checkout. Quick when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The newer client, SDKs, what builds an app, and an OpenID provider to sign in with. What is there in two versions has names of its own.
PACKAGES=(
    sentry@0.49.0
    @sentry/node@11.12.0
    @sentry/browser@11.12.0
    node-8@npm:@sentry/node@8.55.0
    node-7@npm:@sentry/node@7.120.4
    raven@2.6.4
    raven-js@3.27.2
    vite@8.3.8
    webpack@5.112.2
    vite-plugin-5@npm:@sentry/vite-plugin@5.4.1
    vite-plugin-11@npm:@sentry/vite-plugin@11.9.0
    webpack-plugin-11@npm:@sentry/webpack-plugin@11.8.0
    oidc-provider@9.13.3
)
# Frameworks of Python that the SDK reports from, with what they need beside the packages of the tests.
FRAMEWORKS=(
    django==5.2.19 asgiref==3.13.0 sqlparse==0.6.1
    fastapi==0.165.0 starlette==1.10.0 annotated-doc==0.0.7 opentelemetry-api==1.45.2
    celery==5.7.0 kombu==5.7.0 amqp==5.4.2 billiard==4.3.2 vine==5.1.0 click-didyoumean==0.3.1 click-plugins==1.1.1.2
    click-repl==0.4.1 prompt-toolkit==3.0.53 wcwidth==0.9.4 tzlocal==5.4.5 python-dateutil==2.9.0.post0 six==1.17.0
)
PYTHON=${PYTHON:-python3}

# A folder holds a client of this version when the client, asked, says so.
has() { [ -x "$1" ] && "$1" --version 2>/dev/null | grep -qF "$2"; }

install_python() { # folder, packages
    local folder=$1; shift
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
        --no-deps --target "$folder" "$@"
}

install_sentry_cli() { # folder, version
    has "$1/bin/sentry-cli" "$2" && return
    rm -rf "$1"
    install_python "$1" "sentry-cli==$2"
    has "$1/bin/sentry-cli" "$2" || { echo "sentry-cli $2 does not run from $1." >&2; exit 1; }
}

# They are there when the list is: it is written last.
install_python_packages() { # folder, packages
    local folder=$1; shift
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$*" ] && return
    rm -rf "$folder"
    install_python "$folder" "$@"
    echo "$*" >"$folder/installed"
}

install_npm() {
    command -v npm >/dev/null && return
    apt-get update -q
    apt-get install -qy --no-install-recommends nodejs npm
}

# Debian 12 has node 18, and the newer client needs 20: then one is put beside it, where the tests look first.
node_is_old() { [ "$(node --version | tr -d v | cut -d. -f1)" -lt 20 ]; }

# All in one go, for most of the time is npm's start. They are there when the list is: it is written last.
install_packages() { # folder, packages
    local folder=$1; shift
    install_npm
    if node_is_old; then set -- "$@" node@20; fi
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$*" ] && return
    rm -rf "$folder"
    # Without the variable a package of theirs may fetch a program that is there already, as a package of its own.
    SENTRYCLI_SKIP_DOWNLOAD=1 npm install --prefix "$folder" --no-package-lock --no-audit --no-fund \
        --prefer-offline --loglevel error "$@"
    echo "$*" >"$folder/installed"
}

mkdir -p .clients
install_sentry_cli .clients/cli2 2.58.6
install_sentry_cli .clients/cli3 3.8.2
install_python_packages .clients/python "${FRAMEWORKS[@]}"
install_python_packages .clients/sdk-1.0 sentry-sdk==1.0.0
install_python_packages .clients/sdk-0.10 sentry-sdk==0.10.0
install_python_packages .clients/raven raven==6.10.0
install_packages .clients/npm "${PACKAGES[@]}"
