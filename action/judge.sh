#!/usr/bin/env bash
# Annotates what did not reach code scanning, and decides whether the findings fail the job.
set -euo pipefail

if [[ "$CHUNKLINT_UPLOADED" != success ]]; then
    cat "$CHUNKLINT_ANNOTATIONS"
fi

case "$CHUNKLINT_EXIT_CODE:$CHUNKLINT_FAIL_ON" in
0:* | 1:never) exit 0 ;;
1:auto) [[ "$CHUNKLINT_UPLOADED" == success ]] ;;
*) exit "$CHUNKLINT_EXIT_CODE" ;;
esac
