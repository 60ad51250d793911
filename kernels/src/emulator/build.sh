#!/usr/bin/env bash
# Builds the stand-in driver, and the kernels for it, into OUT_DIR:
#
#   libcuda.so.1            the driver
#   libcublas.so.12         a stand-in for cuBLAS, which works on the driver
#   libgpumf_kernels.so     kernels/src/main/cuda/*.cu, which the driver loads from beside itself
#   libtest_kernels.so      test/*.cu: kernels right and wrong on purpose
#   emulator_test           the stand-in's own tests
#
# usage: build.sh OUT_DIR [--sanitize]     --sanitize: all of it under AddressSanitizer and UBSan
#
# Only what is older than its sources is compiled. Without g++ it says so and succeeds, unless GPUMF_REQUIRE is "cuda".
set -euo pipefail

out=${1:?usage: build.sh OUT_DIR [--sanitize]}
sanitize=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../main/cuda
compiler=${CXX:-g++}

if ! command -v "$compiler" > /dev/null || [ "$(uname -s)" != Linux ]; then
  missing="no stand-in CUDA driver: it needs Linux and a C++ compiler, and there is no $compiler here"
  if [ "${GPUMF_REQUIRE:-}" = cuda ]; then
    echo "build.sh: $missing. Install g++, or build without -Dgpumf.require=cuda." >&2
    exit 1
  fi
  echo "build.sh: $missing; the tests on it are left out"
  exit 0
fi

mkdir -p "$out/objects"
out=$(cd "$out" && pwd)

# -ffp-contract=off: only what the kernel fuses is fused. Fused by the processor where it can, or every fmaf is a call.
common=(-std=c++17 -O2 -g1 -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -ffp-contract=off -pthread -Wall -Wextra)
if [ "$(uname -m)" = x86_64 ] && grep -q ' fma ' /proc/cpuinfo 2> /dev/null; then
  common+=(-mfma)
fi
if [ "$sanitize" = --sanitize ]; then
  # A division by zero is found by the driver, with a better message.
  common+=(-fsanitize=address,undefined -fno-sanitize=integer-divide-by-zero -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
fi
# nvcc judges the kernels; g++ does not know its pragmas, and sees uninitialized what unrolled loops fill.
kernel_flags=(-I "$here/device" -I "$kernels" -Wno-unknown-pragmas -Wno-unused -Wno-uninitialized -Wno-maybe-uninitialized)

# Sets the flags' fingerprint: another compiler or other flags build everything again.
fingerprint=$("$compiler" --version | head -n 1; echo "${common[*]} ${kernel_flags[*]}"; cat "$0")
if [ "$(cat "$out/objects/fingerprint" 2> /dev/null)" != "$fingerprint" ]; then
  rm -rf "$out/objects"
  mkdir -p "$out/objects"
  printf '%s' "$fingerprint" > "$out/objects/fingerprint"
fi

# Whether a product is missing or older than one of the files that it was made of, as the compiler listed them.
stale() {
  local product=$1 list=$2
  [ -f "$product" ] && [ -f "$list" ] || return 0
  local file
  for file in $(sed -e 's/^[^:]*: *//' -e 's/\\$//' "$list"); do
    [ -f "$file" ] && [ ! "$file" -nt "$product" ] || return 0
  done
  return 1
}

running=()
failed=0

# Compiles in the background, as many at a time as there are processors.
background() {
  "$@" &
  running+=($!)
  if [ "${#running[@]}" -ge "$(nproc)" ]; then
    wait "${running[0]}" || failed=1
    running=("${running[@]:1}")
  fi
}

finish_all() {
  local process
  for process in "${running[@]+"${running[@]}"}"; do
    wait "$process" || failed=1
  done
  running=()
  [ "$failed" = 0 ] || exit 1
}

compile_driver() {
  local source=$1 object=$2
  "$compiler" "${common[@]}" -MMD -MF "$object.d" -c "$source" -o "$object.new" && mv "$object.new" "$object"
}

# A .cu becomes a C++ file of its own: the kernels' text in a nameless namespace, since under nvcc equal names in two files never meet, and a
# registration of each kernel. The kernels are found in the preprocessed text, so that macros may write them.
compile_kernels() {
  local source=$1 object=$2 names name
  names=$("$compiler" "${common[@]}" "${kernel_flags[@]}" -x c++ -E -P -DEMULATOR_LISTS_KERNELS -include "$here/device/shim.h" "$source" |
    tr '\n' ' ' | grep -oE 'extern "C" +emulator_kernel +void +[A-Za-z_][A-Za-z_0-9]* *\(' | sed -E 's/.* ([A-Za-z_0-9]+) *\($/\1/' | sort -u) || true
  {
    echo "#include \"shim.h\""
    echo "#include \"kernels.h\""
    echo "#include \"device.cuh\""
    echo "namespace {"
    echo "#include \"$source\""
    echo "}"
    for name in $names; do
      echo "EMULATOR_REGISTER_KERNEL($name)"
    done
  } > "$object.cpp"
  "$compiler" "${common[@]}" "${kernel_flags[@]}" -MMD -MF "$object.d" -c "$object.cpp" -o "$object.new" && mv "$object.new" "$object"
}

# Objects of a folder's sources into `objects`.
objects=()
build_objects() {
  local how=$1 prefix=$2 source object
  shift 2
  objects=()
  for source in "$@"; do
    [ -f "$source" ] || continue
    object=$out/objects/$prefix-$(basename "$source").o
    objects+=("$object")
    if stale "$object" "$object.d"; then
      background "$how" "$source" "$object"
    fi
  done
}

# Links what is newer than the product; a product whose list of objects changed is linked again too.
link() {
  local product=$1
  shift
  local objects_list=$out/objects/$(basename "$product").list
  local object
  local fresh=1
  [ -f "$product" ] && [ "$(cat "$objects_list" 2> /dev/null)" = "$*" ] || fresh=0
  for object in "$@"; do
    case $object in
      -*) ;;
      *) [ ! "$object" -nt "$product" ] || fresh=0 ;;
    esac
  done
  if [ "$fresh" = 0 ]; then
    "$compiler" "${common[@]}" -o "$product.new" "$@"
    mv "$product.new" "$product"
    echo "$*" > "$objects_list"
  fi
}

build_objects compile_driver driver "$here"/driver/*.cpp
driver_objects=("${objects[@]}")
build_objects compile_driver cublas "$here"/cublas/*.cpp
cublas_objects=("${objects[@]}")
build_objects compile_kernels kernel "$kernels"/*.cu
kernel_objects=("${objects[@]+"${objects[@]}"}")
build_objects compile_kernels test "$here"/test/*.cu
test_kernel_objects=("${objects[@]+"${objects[@]}"}")
build_objects compile_driver test "$here"/test/*.cpp
test_objects=("${objects[@]+"${objects[@]}"}")
finish_all

# nodelete: its workers stay where they are when a program closes the library.
link "$out/libcuda.so.1" "${driver_objects[@]}" -shared -Wl,-soname,libcuda.so.1 -Wl,-z,nodelete -ldl
# shellcheck disable=SC2016
beside='-Wl,-rpath,$ORIGIN'
# JCuda asks for its calls by the version that NVIDIA gave them.
link "$out/libcublas.so.12" "${cublas_objects[@]}" "$out/libcuda.so.1" -shared -Wl,-soname,libcublas.so.12 \
  -Wl,--version-script="$here/cublas/exports.map" "$beside"
if [ "${#kernel_objects[@]}" -gt 0 ]; then
  link "$out/libgpumf_kernels.so" "${kernel_objects[@]}" "$out/libcuda.so.1" -shared "$beside"
else
  rm -f "$out/libgpumf_kernels.so"
fi
if [ "${#test_kernel_objects[@]}" -gt 0 ]; then
  link "$out/libtest_kernels.so" "${test_kernel_objects[@]}" "$out/libcuda.so.1" -shared "$beside"
fi
if [ "${#test_objects[@]}" -gt 0 ]; then
  link "$out/emulator_test" "${test_objects[@]}" "$out/libcuda.so.1" "$beside"
fi
