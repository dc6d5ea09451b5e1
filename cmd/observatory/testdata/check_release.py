"""Checks releases with tools that others wrote: check_release.py PUBLIC VETTED.

Data Package by frictionless, Croissant by mlcroissant, STIX by stix2-validator; every
table is read by DuckDB, pandas and polars, and every number of the memo is computed again
from the Parquet by DuckDB.
"""

import json
import pathlib
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from html.parser import HTMLParser

import duckdb
import frictionless
import mlcroissant
import pandas
import polars

NAMES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch", "pl": "Polish"}


def decimals(x, places):
    """x as it is written: from its shortest digits, half to even."""
    return f"{Decimal(repr(x)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,}"


class Memo(HTMLParser):
    """The sentences of the list of findings, and the cells of tables by their name."""

    def __init__(self):
        super().__init__()
        self.findings, self.tables, self.at, self.name, self.lists, self.text = [], {}, [], "", 0, None

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        if tag == "ul":
            self.lists += 1
        if tag == "h2":
            self.name = of.get("id", "")
        if tag == "tr":
            self.tables.setdefault(self.name, []).append([])
        if tag in ("td", "th") or tag == "li" and self.lists == 1:
            self.text = ""

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if self.text is None or tag not in ("td", "th", "li"):
            return
        if tag == "li":
            self.findings.append(self.text)
        else:
            self.tables[self.name][-1].append(self.text)
        self.text = None


def ask(sql, folder):
    return duckdb.sql(sql.replace("@", str(folder) + "/")).fetchall()


def findings(folder):
    [(posts, spheres)] = ask("SELECT sum(posts)::BIGINT, count(DISTINCT sphere) FROM '@posts_by_day.parquet'", folder)
    [(up, minutes)] = ask("SELECT sum(connected), sum(minutes) FROM '@coverage.parquet' WHERE platform != ''", folder)
    yield f"{posts:,} posts were counted in {spheres} language spheres, while the sources collected from answered in {decimals(100 * (float(up) / float(minutes)), 1)} % of the minutes."
    shares = ask(
        """WITH links AS (SELECT sphere, sum(links) FILTER (kind = 'rated')::BIGINT AS rated, sum(links)::BIGINT AS all_links FROM '@links_by_sphere.parquet' GROUP BY sphere)
        SELECT s.sphere, share, low, high, rated, all_links FROM '@shares_by_sphere.parquet' AS s JOIN links USING (sphere) WHERE source_class = 'unreliable' ORDER BY s.sphere""",
        folder,
    )
    for sphere, share, low, high, rated, links in shares:
        name = f"{NAMES[sphere]} ({sphere})" if sphere in NAMES else sphere
        yield (
            f"In the sphere {name}, {decimals(100 * share, 1)} % [{decimals(100 * low, 1)}, {decimals(100 * high, 1)}] of the links to rated sources lead to sources that raters call unreliable; "
            f"{decimals(100 * (rated / links), 1)} % of its links are rated."
        )
    if not shares:
        yield "No sphere has enough links to rated sources for a share of those that raters call unreliable."
    for domain, links, accounts in ask("SELECT domain, links, accounts FROM '@domains.parquet' WHERE source_class = 'unreliable' ORDER BY links DESC, domain LIMIT 1", folder):
        yield f"Most links to sources that raters call unreliable lead to {domain}: {links:,}, by {accounts:,} accounts."


def cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return decimals(value, 3)
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def memo(folder):
    page = Memo()
    page.feed((folder / "memo.html").read_text())
    want = list(findings(folder))
    assert page.findings == want, f"the memo says\n{page.findings}\nand its Parquet\n{want}"
    numbers = 0
    for name, rows in page.tables.items():
        table = duckdb.sql(f"SELECT * FROM '{folder}/{name}.parquet'")
        shown = [table.columns] + [[cell(value) for value in row] for row in table.fetchall()[:60]]
        assert rows == shown, f"{name} of the memo is another than its Parquet"
        numbers += sum(len(row) for row in rows[1:])
    # What is derived in the tables follows from what is beside it.
    [(wrong,)] = ask(
        """SELECT count(*) FROM (SELECT *, links / sum(links) OVER (PARTITION BY sphere) AS again FROM '@shares_by_sphere.parquet')
        WHERE abs(share - again) > 0.0000006 OR low > share OR high < share OR low < 0 OR high > 1""",
        folder,
    )
    [(also,)] = ask("SELECT count(*) FROM '@indicators.parquet' WHERE abs(prevalence - posts / all_posts) > 0.0000006 OR NOT prevalence BETWEEN low AND high OR rating_low > prevalence OR rating_high < prevalence OR NOT engagement BETWEEN engagement_low AND engagement_high", folder)
    assert wrong == 0 and also == 0, f"{wrong} shares and {also} indicators are not what their counts say"
    assert numbers > 200, f"only {numbers} cells were compared"
    return numbers


def tables(folder):
    rows = 0
    for parquet in sorted(folder.glob("*.parquet")):
        [(count,)] = ask(f"SELECT count(*) FROM '{parquet}'", folder)
        csv = parquet.with_suffix(".csv.gz")
        by = {"pandas": len(pandas.read_parquet(parquet)), "pandas, CSV": len(pandas.read_csv(csv)), "polars": polars.read_parquet(parquet).height, "DuckDB, CSV": ask(f"SELECT count(*) FROM read_csv('{csv}', header = true, all_varchar = true)", folder)[0][0]}
        assert set(by.values()) == {count}, f"{parquet.name}: {count} rows, and {by}"
        rows += count
    return rows


def described(folder):
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])[:5]
    croissant = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    sets = croissant.metadata.record_sets
    for one in sets:
        found = sum(1 for _ in croissant.records(one.uuid))
        want = len(pandas.read_parquet(folder / f"{one.uuid}.parquet"))
        assert found == want, f"Croissant gives {found} records of {one.uuid}, not {want}"
    page = (folder / "memo.html").read_text()
    of = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert of["@type"] == "Dataset" and 50 <= len(of["description"]) <= 5000, of
    return len(sets)


def main():
    public, vetted = map(pathlib.Path, sys.argv[1:])
    for folder in (public, vetted):
        print(f"{folder.name}: {tables(folder)} rows, {described(folder)} record sets")
    print(f"the memo's {memo(public)} cells follow from the Parquet")
    stix = subprocess.run([pathlib.Path(sys.executable).with_name("stix2_validator"), vetted / "stix.json"], capture_output=True, text=True)
    assert stix.returncode == 0 and "STIX JSON: Valid" in stix.stdout, stix.stdout + stix.stderr
    kinds = [of["type"] for of in json.loads((vetted / "stix.json").read_text())["objects"]]
    assert "campaign" in kinds and "attack-pattern" in kinds and "relationship" in kinds, kinds
    print(f"STIX: {len(kinds)} objects")


main()
