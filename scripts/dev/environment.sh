#!/bin/sh
# Create .venv, or complete it, with one set of pinned packages: environment.sh REQUIREMENTS
# Uses uv when it is there, else venv and pip. Nothing but Python 3.11 or newer is needed.
set -eu

requirements=$1
venv=.venv
python=$venv/bin/python

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

usable() {
    recent "$python" || return 1
    command -v uv >/dev/null 2>&1 || "$python" -m pip --version >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "groupbuy needs Python 3.11 or newer, and there is none among:" \
        "${PYTHON:-python3, python3.13, python3.12, python3.11, python}." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.11 …" >&2
    exit 1
}

if ! usable; then
    found=$(find_python)
    rm -rf "$venv"
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$found" "$venv"
    elif ! "$found" -m venv "$venv"; then
        rm -rf "$venv"
        echo "$found cannot create a virtual environment; on Debian and Ubuntu install" \
            "python3-venv (or uv), then try again." >&2
        exit 1
    fi
fi

echo "Installing $requirements into $venv …"
if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$python" -r "$requirements"
else
    "$python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
fi
