#!/bin/sh
# Resolves pyproject.toml into dev.lock and run.lock: one version of each package for Python 3.11
# to 3.13 on every platform, with the hashes of all its files. Versions that are already locked
# stay; `make lock UPGRADE=1` takes the newest. The locks name neither a registry nor a path.
set -eu

cd "$(dirname "$0")/.."
python=.venv/bin/python
[ -x "$python" ] || sh requirements/venv.sh .venv "${PYTHON:-}"

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$python" -m venv "$tools/venv"
"$tools/venv/bin/python" -m pip install -qq --disable-pip-version-check 'uv>=0.9'

compile() {
    "$tools/venv/bin/uv" pip compile pyproject.toml --quiet --no-config \
        --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        ${UPGRADE:+--upgrade} "$@" >/dev/null
}

compile --group dev --output-file requirements/dev.lock
# without UPGRADE: dev.lock has just decided every version
UPGRADE='' compile --group build --constraints requirements/dev.lock --output-file requirements/run.lock
