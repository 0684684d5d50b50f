#!/usr/bin/env bash
# Installs chunklint from the action's own checkout, so that it is the version the workflow pins, and scans.
# The working folder is the scanned repository, which is not to be trusted: Python runs with -I, or a pip.py there
# would be run in place of pip.
set -euo pipefail

suits() {
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in python3 python python3.{14,13,12,11} "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.*/*/{bin/python3,python.exe}; do
        if suits "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    echo "::error title=chunklint::No Python 3.11 or newer was found; put a step with actions/setup-python before this one." >&2
    return 2
}

python=$(find_python)
environment="${RUNNER_TEMP}/chunklint-environment"
"$python" -I -m venv "$environment"
bin="$environment/bin"
[[ -d "$bin" ]] || bin="$environment/Scripts" # Windows
"$bin/python" -I -m pip install --quiet --disable-pip-version-check "${GITHUB_ACTION_PATH}"
exec "$bin/python" -I "${GITHUB_ACTION_PATH}/action/scan.py"
