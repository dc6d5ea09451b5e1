#!/bin/sh
# Fetches Apache Kafka into .cache/kafka/libs at the top of the tree, unless the
# version that pom.xml names is there already. Needs Maven and Java 17 or newer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../../.cache/kafka
if cmp -s "$here/pom.xml" "$cache/libs/pom.xml"; then
	exit 0
fi
# What is half there must not look whole, to this script or to a test under way.
mkdir -p "$cache"
new=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$new" -DincludeScope=runtime
cp "$here/pom.xml" "$new"
chmod 755 "$new"
rm -rf "$cache/libs"
mv "$new" "$cache/libs"
