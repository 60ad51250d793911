# Sourced by the launcher and by the scripts of bench/.
# find_jdk25 prints the home of a Java 25, or fails; it looks at JAVA_HOME, the PATH, then the usual folders.

is_java25() {
  [ -x "$1/bin/java" ] && grep -qs '^JAVA_VERSION="25[."]' "$1/release"
}

find_jdk25() {
  local candidate on_path
  if [ -n "${JAVA_HOME:-}" ] && is_java25 "$JAVA_HOME"; then
    echo "$JAVA_HOME"
    return
  fi
  on_path=$(command -v java || true)
  if [ -n "$on_path" ]; then
    candidate=$(cd "$(dirname "$(readlink -f "$on_path" 2>/dev/null || echo "$on_path")")/.." && pwd)
    if is_java25 "$candidate"; then
      echo "$candidate"
      return
    fi
  fi
  for candidate in ${GPUMF_JDK_FOLDERS-/usr/lib/jvm/* /usr/java/* /opt/java/* /opt/*jdk* /opt/*/*jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.gradle/jdks/* "$HOME"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home}; do
    if is_java25 "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

require_jdk25() {
  find_jdk25 || {
    echo "gpumf: there is no Java 25 in JAVA_HOME, on the PATH or in the usual folders." >&2
    echo "gpumf: install one, for example Temurin 25 (https://adoptium.net), or set JAVA_HOME to it." >&2
    return 1
  }
}

# Options of every JVM that runs GpuMf, beside those of jvm.options. Off-heap memory is limited to the heap's limit unless told otherwise:
# it may have most of the machine instead.
memory_options() {
  if [ -r /proc/meminfo ]; then
    awk '/^MemTotal:/ { printf "-XX:MaxDirectMemorySize=%dm\n", $2 / 1024 * 0.9 }' /proc/meminfo
  fi
}
