"""Asks the engine as Python's clickhouse-connect does. Arguments: port, the owner's password."""

import datetime
import sys
import uuid

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

port, password = int(sys.argv[1]), sys.argv[2]

own = clickhouse_connect.get_client(host="127.0.0.1", port=port, username="owner", password=password, database="observatory", compress=True)
own.command("CREATE TABLE py (id UInt64, word LowCardinality(String), at DateTime64(3, 'UTC'), tags Array(String), counts Map(String, UInt64), note Nullable(String), key UUID, big UInt128) ENGINE = MergeTree ORDER BY id")
key = uuid.uuid4()
at = datetime.datetime(2024, 6, 1, 12, 0, 0, 123000, tzinfo=datetime.timezone.utc)
rows = [[i, f"w{i % 5}", at, ["a", str(i)], {"n": i}, None if i % 2 else "é", key, 1 << 100] for i in range(100_000)]
own.insert("py", rows, column_names=["id", "word", "at", "tags", "counts", "note", "key", "big"])
assert own.command("SELECT count() FROM py") == len(rows)
got = own.query("SELECT * FROM py ORDER BY id").result_rows
assert len(got) == len(rows)
assert list(got[1])[:4] == [1, "w1", got[1][2], ["a", "1"]] and got[1][4] == {"n": 1} and got[1][5] is None and got[1][6] == key and got[1][7] == 1 << 100, got[1]
assert got[0][2].timestamp() == at.timestamp(), got[0][2]

for compress in (False, "lz4", "gzip", "zstd"):
    client = clickhouse_connect.get_client(host="127.0.0.1", port=port, compress=compress, settings={"max_execution_time": 300, "max_block_size": 10000})
    assert client.command("SELECT 40 + 2") == 42
    assert client.database in (None, "observatory", "__default__"), client.database
    assert client.command("SELECT currentDatabase()") == "observatory"
    assert client.query("SELECT {n:UInt64} + 1 AS a, {s:String} AS b", parameters={"n": 1, "s": "it's\ta\\tab"}).first_row == (2, "it's\ta\\tab")
    assert client.query("SELECT count(), uniqExact(lang) FROM posts", settings={"join_use_nulls": 1}).first_row == (0, 0)
    total = 0
    with client.query_row_block_stream("SELECT number FROM numbers(300000)") as stream:
        for block in stream:
            total += len(block)
    assert total == 300_000, total
    assert client.raw_query("SELECT 1 AS a", fmt="JSONEachRow") == b'{"a":1}\n'
    for query, code in (("SELECT * FROM identities", "497"), ("SELECT * FROM nosuch", "60"), ("DROP TABLE posts", "497")):
        try:
            client.query(query)
            raise SystemExit(f"{query} was permitted")
        except ClickHouseError as error:
            assert code in str(error), error
    try:
        client.query("SELECT number, throwIf(number = 1000000, 'broken off') FROM numbers(1500000)").result_rows
        raise SystemExit("a result that broke off was taken for whole")
    except ClickHouseError as error:
        assert "broken off" in str(error), error
    client.close()
print("done", clickhouse_connect.__version__ if hasattr(clickhouse_connect, "__version__") else "")
