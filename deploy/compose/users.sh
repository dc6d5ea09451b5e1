#!/bin/bash
# Makes the user that Grafana asks as, when the server's volume is new.
set -euo pipefail
clickhouse-client --user "$CLICKHOUSE_USER" --password "$(cat "$CLICKHOUSE_PASSWORD_FILE")" \
  --param_password "$(cat /run/secrets/dashboard_password)" \
  --query "CREATE USER IF NOT EXISTS grafana IDENTIFIED WITH sha256_password BY {password:String} DEFAULT ROLE dashboard"
