#!/bin/bash
# Draws the passwords of docker-compose.yml into ./secrets, those that are not there yet.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p secrets
for name in clickhouse_password dashboard_password grafana_password; do
  [ -s "secrets/$name" ] || (umask 022; od -An -N18 -tx1 /dev/urandom | tr -d ' \n' > "secrets/$name")
done
echo "the password of Grafana's user admin is in secrets/grafana_password"
