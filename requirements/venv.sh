#!/bin/sh
# Usage: venv.sh VENV [PYTHON]
# Makes VENV with the first Python 3.11 to 3.13 that works, unless it is already there, in this
# place, and of PYTHON (if given). VENV/.base says which; it changes only when VENV does.
set -eu

venv=$1
wanted=${2:-}

if [ -f "$venv/.base" ] && "$venv/bin/python" -c '' 2>/dev/null &&
    [ "$(sed -n 1p "$venv/.base")" = "$PWD" ] &&
    { [ -z "$wanted" ] || [ "$(sed -n 2p "$venv/.base")" = "$wanted" ]; }; then
    exit 0
fi

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
found=
lacking=
if [ -n "$wanted" ]; then
    set -- "$wanted"
else
    set -- python3.13 python3.12 python3.11 python3 python
fi
for python in "$@"; do
    "$python" -c "$fits" >/dev/null 2>&1 || continue
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        lacking="$lacking $python"
        continue
    fi
    found=$python
    break
done

if [ -z "$found" ]; then
    {
        echo "ceasefire needs Python 3.11, 3.12 or 3.13."
        if [ -n "$lacking" ]; then
            echo "Found$lacking, but without venv and ensurepip (on Debian: install python3-venv)."
        elif [ -n "$wanted" ]; then
            echo "PYTHON=$wanted is not one of them, or does not run."
        else
            echo "Found none of python3.13, python3.12, python3.11, python3, python on the PATH."
        fi
        echo "Name one with: make PYTHON=/path/to/python3.12 ..."
    } >&2
    exit 1
fi

echo "making $venv with $("$found" --version) ($found)"
rm -rf "$venv"
"$found" -m venv "$venv"
printf '%s\n%s\n' "$PWD" "${wanted:-$found}" >"$venv/.base"
