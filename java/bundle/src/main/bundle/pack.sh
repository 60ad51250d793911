#!/usr/bin/env bash
# Packs the bundle's folder into FOLDER.tar.gz, and fails if that is larger than we promise.
# gzip, which is everywhere: zstd would save a fifth.
# usage: pack.sh FOLDER
set -euo pipefail

most=60000000
archive=$1.tar.gz
tar --sort=name --owner=0 --group=0 --mtime=2026-01-01 -C "$(dirname "$1")" -cf - "$(basename "$1")" | gzip -9n >"$archive"
size=$(stat -c %s "$archive")
echo "$archive: $size bytes" >&2
if [ "$size" -gt "$most" ]; then
  echo "the bundle must not be larger than $most bytes" >&2
  exit 1
fi
