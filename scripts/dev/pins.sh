#!/bin/sh
# Write requirements.txt and requirements-dev.txt: the newest set that fits the .in files.
# Each set is installed into a fresh environment and frozen, so every pin is a version that works
# with the others. PYTHON must be the oldest version that is supported.
set -eu

python=${PYTHON:-python3.11}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

header() { echo "# The pinned $1 set. Written by \`make pins\` from $2; do not edit."; }

"$python" -m venv "$folder/venv"
install() { "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
freeze() { "$folder/venv/bin/python" -m pip freeze --exclude pip --exclude setuptools | LC_ALL=C sort -f; }

install -r requirements.in
freeze >"$folder/runtime"
install -r requirements-dev.in -c "$folder/runtime"
freeze | grep -vxFf "$folder/runtime" >"$folder/development"

{ header runtime requirements.in && cat "$folder/runtime"; } >requirements.txt
{
    header development requirements-dev.in
    echo "-r requirements.txt"
    cat "$folder/development"
} >requirements-dev.txt
