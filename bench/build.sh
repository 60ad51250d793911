# Sourced by the scripts here, after root is set: builds the benchmarks and sets java and class_path.
. "$root/java/jdk25.sh"
java=$(require_jdk25)/bin/java
mvn --batch-mode --quiet --file "$root/pom.xml" --projects bench --also-make \
  -Dmaven.test.skip=true -DskipTests -Dspotless.check.skip=true -Djacoco.skip=true package >&2
class_path="$root/bench/target/gpumf-bench.jar:$root/bench/target/lib/*"
