"""Draws posts by hour and platform with the coverage of the sources below, from a running observatory.

    pip install -r docs/examples/requirements.txt
    python docs/examples/posts_by_hour.py 2024-06-03 2024-06-10 posts_by_hour.png
"""
import os
import sys

import clickhouse_connect
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

begin, end, picture = sys.argv[1:4]
client = clickhouse_connect.get_client(host="127.0.0.1", port=int(os.environ.get("OBSERVATORY_PORT", 8123)), database="observatory")
days = {"begin": begin, "end": end}
posts = client.query_df(
    """SELECT hour, platform, sum(posts) AS posts
    FROM hourly
    WHERE query = '' AND source_class = '' AND hour >= {begin:DateTime} AND hour < {end:DateTime}
    GROUP BY hour, platform ORDER BY hour""",
    parameters=days,
)
coverage = client.query_df(
    """SELECT toStartOfHour(minute) AS hour, avg(connected) AS coverage
    FROM coverage
    WHERE minute >= {begin:DateTime} AND minute < {end:DateTime}
    GROUP BY hour ORDER BY hour""",
    parameters=days,
)
if posts.empty:
    sys.exit(f"there are no posts from {begin} to {end}: which days there are says `observatory status`")
series = posts.pivot(index="hour", columns="platform", values="posts").fillna(0)

figure, (above, below) = plt.subplots(2, sharex=True, figsize=(10, 6), height_ratios=(4, 1), layout="constrained")
for platform in series.columns:
    above.plot(series.index, series[platform], linewidth=1.2, label=platform)
above.set(ylabel="posts an hour", title=f"Posts by platform, {begin} to {end} (UTC)")
above.legend(frameon=False, ncols=len(series.columns))
below.fill_between(coverage["hour"], coverage["coverage"], step="post", color="0.6")
below.set(ylabel="coverage", ylim=(0, 1.02), xlabel=None)
for axes in (above, below):
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig(picture, dpi=144)
print(f"{int(series.to_numpy().sum())} posts in {len(series)} hours, drawn to {picture}")
