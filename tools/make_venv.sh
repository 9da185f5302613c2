#!/bin/sh
# Makes .venv at the repository root and installs Hullwatch into it, editable, at the versions of
# requirements.lock. Run by `make setup`; PYTHON names the interpreter.
set -eu

PYTHON=${PYTHON:-python3}

say_and_stop() {
    echo "make setup: $1" >&2
    exit 1
}

command -v "$PYTHON" >/dev/null || say_and_stop "$PYTHON not found; install Python 3.11 or newer"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    say_and_stop "$("$PYTHON" -V) is too old; name Python 3.11 or newer: make setup PYTHON=python3.12"

# Debian splits venv's pip (ensurepip) off into its own package.
if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "make setup: installing python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        say_and_stop "this Python cannot make environments; run: sudo apt-get install python3-venv"
    fi
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$PYTHON" -m venv --clear .venv
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
pip() {
    .venv/bin/python -m pip "$@"
}
echo "make setup: installing into .venv (about a minute the first time)"
pip install -qq --upgrade --constraint requirements.lock pip  # a venv's own pip may lack --group
pip install -qq --constraint requirements.lock --build-constraint requirements.lock --editable '.[dev]'
rm -rf .venv/typings
pip install -qq --constraint requirements.lock --group firmware-types --target .venv/typings
