#!/usr/bin/env bash
# Builds the stand-in driver where it is stale, and runs its own tests.
#
# usage: test.sh OUT_DIR [--sanitize] [PART OF A TEST'S NAME]...
set -euo pipefail

out=${1:?usage: test.sh OUT_DIR [--sanitize] [PART OF A TEST\'S NAME]...}
shift
sanitize=
if [ "${1:-}" = --sanitize ]; then
  sanitize=--sanitize
  shift
fi
here=$(cd "$(dirname "$0")" && pwd)

"$here/build.sh" "$out" $sanitize
if [ -x "$out/emulator_test" ]; then
  # Leaks: the driver's state lives as long as the process, and a kernel that is ended by a fault leaves its stacks as they are.
  # Not the machine's choice among its own devices.
  env -u CUDA_VISIBLE_DEVICES ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 "$out/emulator_test" "$@"
fi
