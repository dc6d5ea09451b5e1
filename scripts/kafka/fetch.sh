#!/bin/sh
# Fetches Apache Kafka into .cache/kafka/libs at the top of the tree, unless the
# version that pom.xml names is there already. Needs Maven and Java 17 or newer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
libs=$here/../../.cache/kafka/libs
stamp=$libs/.complete
if [ -f "$stamp" ] && cmp -s "$here/pom.xml" "$stamp"; then
	exit 0
fi
rm -rf "$libs"
mkdir -p "$libs"
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libs" -DincludeScope=runtime
cp "$here/pom.xml" "$stamp"
