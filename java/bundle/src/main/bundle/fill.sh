#!/usr/bin/env bash
# Lays out the bundle, all but the runtime that jlink makes.
# usage: fill.sh FOLDER     (made anew; FOLDER/../jars are the jars)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../../.." && pwd)
folder=$1
target=$(dirname "$folder")

rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/lib"
cp "$root/java/bundle/src/main/bundle/gpumf" "$folder/bin/gpumf"
chmod 755 "$folder/bin/gpumf"
cp "$target"/jars/*.jar "$target/gpumf-bundle.jar" "$folder/lib/"
cp "$root/README.md" "$root/NOTICE" "$root/java/jvm.options" "$folder/"
# The parity test lists the traces, which it cannot in a jar.
cp -r "$root/java/core/src/contract/resources/golden" "$folder/golden"

# JCuda's natives without what only builds use: a compiler of PTX (24 MB) and bindings of CUDA's toolkit.
if command -v zip >/dev/null; then
  zip --quiet --delete "$folder"/lib/jcuda-natives-*.jar 'lib/libJNvPTXCompiler*' 'lib/libJNvrtc*' 'lib/libJCudaRuntime*'
fi
