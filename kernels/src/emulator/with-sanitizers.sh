#!/usr/bin/env bash
# Runs a program, a JVM or Maven say, on a stand-in driver that was built with --sanitize.
#
# usage: with-sanitizers.sh OUT_DIR COMMAND [ARGUMENT]...
set -euo pipefail

usage='usage: with-sanitizers.sh OUT_DIR COMMAND [ARGUMENT]...'
out=$(cd "${1:?$usage}" && pwd)
shift
: "${1:?$usage}"

compiler=${CXX:-g++}
# The sanitizers must be there before the program begins. A JVM lives on signals of its own, and never gives all of its memory back.
export ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
export UBSAN_OPTIONS=print_stacktrace=1
export LD_LIBRARY_PATH=$out${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
LD_PRELOAD="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libubsan.so)" exec "$@"
