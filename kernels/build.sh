#!/usr/bin/env bash
# Makes the PTX and its manifest out of src/main/cuda, and the table of resources in README.md. Needs nvcc 13; a build of the project
# does not: what this writes is committed.
#
# The PTX is for compute capability 7.0 and up, and of a version that drivers from CUDA 11.0 on load: nvcc writes its own, newer
# version and no target below 7.5, but the kernels use nothing of either, so both lines are lowered and ptxas checks the result for every chip it knows.
# Products and sums stay apart (-fmad=false; the sources say fmaf where they want it), so that the numbers are those of the sources.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$root/src/main/cuda
out=$root/src/main/resources/io/github/gpumf/kernels
flags="-std=c++17 -ptx -arch=compute_75 -fmad=false"
version=7.0
target=sm_70
chips="sm_75 sm_80 sm_86 sm_89 sm_90 sm_100 sm_120"

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for source in "$sources"/*.cu; do
  name=$(basename "$source" .cu)
  # shellcheck disable=SC2086 # flags are words
  (cd "$sources" && nvcc $flags -o "$work/$name.ptx" "$name.cu")
  # nvcc's header names its build; what follows depends on the sources and flags alone.
  sed -e '/^\/\//d' -e '/^$/d' -e "s/^\.version .*/.version $version/" -e "s/^\.target .*/.target $target/" "$work/$name.ptx" >"$work/$name.low"
  mv "$work/$name.low" "$work/$name.ptx"
  for chip in $chips; do
    ptxas -arch="$chip" -o /dev/null "$work/$name.ptx"
  done
  ptxas -v -arch=sm_90 -o /dev/null "$work/$name.ptx" 2>"$work/$name.report"
done

# Of each kernel: registers a thread, static shared memory, bytes spilled.
table=$work/table
{
  echo "| file | kernel | registers | shared memory, bytes | spilled, bytes |"
  echo "|---|---|---|---|---|"
  for report in "$work"/*.report; do
    awk -v file="$(basename "$report" .report).cu" '
      /Compiling entry function/ { split($0, part, "\047"); kernel = part[2] }
      /bytes spill stores/ { spilled = $5 + $9 }
      /Used [0-9]+ registers/ {
        shared = 0
        for (i = 1; i <= NF; i++) { if ($i == "registers,") registers = $(i - 1); if ($i ~ /^smem/) shared = $(i - 2) }
        printf "| `%s` | `%s` | %d | %d | %d |\n", file, kernel, registers, shared, spilled
      }' "$report"
  done
} >"$table"
awk -v table="$table" '
  /^<!-- resources -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
  /^<!-- end -->/ { skip = 0 }
  !skip' "$root/README.md" >"$work/README.md"

rm -f "$out"/*.ptx
cp "$work"/*.ptx "$out/"
{
  echo "# Written by kernels/build.sh. A test compares it with the sources, so that no PTX is older than they are."
  echo "compiler = $(nvcc --version | sed -n 's/^Cuda compilation tools, //p')"
  echo "flags = $flags"
  echo "version = $version"
  echo "target = $target"
  echo "sources = $(cd "$sources" && LC_ALL=C cat $(LC_ALL=C ls ./*.cu ./*.cuh) | sha256sum | cut -d' ' -f1)"
  for file in "$out"/*.ptx; do
    echo "$(basename "$file") = $(sha256sum <"$file" | cut -d' ' -f1)"
  done
} >"$out/manifest.properties"
cp "$work/README.md" "$root/README.md"
