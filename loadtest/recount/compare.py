"""The recount in SQL, and its comparison with what clickd answers."""

import ipaddress
import json
import re
import tomllib
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb

from options import Options

HERE = Path(__file__).parent
# How far an estimate may be off, from so many clicks on.
TOLERANCE, CLICKS_MIN = 0.02, 1_000
TABLES = (
    "program ad partner contract payout payout_group payout_limit agent event_type promo_code"
).split()
SHAPES = {
    "program": "id: 'BIGINT', brand: 'VARCHAR', brand_name: 'VARCHAR', name: 'VARCHAR', "
    "zone: 'VARCHAR', currency: 'VARCHAR', decimals: "
    "'INTEGER', window_ms: 'BIGINT', rolling: 'BOOLEAN', pays_expired: 'BOOLEAN', risk: "
    "'VARCHAR', deep: 'BOOLEAN'",
    "ad": "program: 'BIGINT', id: 'BIGINT', name: 'VARCHAR', page: 'VARCHAR', end_ms: 'BIGINT', "
    "expired_page: 'VARCHAR'",
    "partner": "id: 'BIGINT', name: 'VARCHAR', active: 'BOOLEAN', \"group\": 'VARCHAR', media_type: "
    "'VARCHAR', \"values\": 'VARCHAR[]', contact: 'VARCHAR', properties: "
    "'STRUCT(id BIGINT, name VARCHAR)[]'",
    "contract": "program: 'BIGINT', partner: 'BIGINT', start_ms: 'BIGINT', end_ms: 'BIGINT', "
    "window_ms: 'BIGINT', credit_group: 'VARCHAR'",
    "promo_code": "program: 'BIGINT', code: 'VARCHAR', type: 'VARCHAR', partner: 'BIGINT', "
    "policy: 'VARCHAR', channel: 'VARCHAR', end_ms: 'BIGINT'",
    "payout": "program: 'BIGINT', partner: 'BIGINT', start_ms: 'BIGINT', event_type: 'BIGINT', "
    "\"level\": 'VARCHAR', price: 'VARCHAR', restricted: 'VARCHAR'",
    "payout_group": "program: 'BIGINT', partner: 'BIGINT', start_ms: 'BIGINT', event_type: "
    "'BIGINT', rank: 'BIGINT', variable: 'VARCHAR', value: 'VARCHAR', price: 'VARCHAR'",
    "payout_limit": "program: 'BIGINT', partner: 'BIGINT', start_ms: 'BIGINT', event_type: "
    "'BIGINT', rank: 'BIGINT', \"of\": 'VARCHAR', most: 'VARCHAR', period: 'VARCHAR'",
    "agent": "agent: 'VARCHAR', device: 'VARCHAR', browser: 'VARCHAR', os: 'VARCHAR', robot: "
    "'BOOLEAN', is_browser: 'BOOLEAN', recent: 'BOOLEAN', other_engine: 'BOOLEAN'",
    "event_type": "id: 'BIGINT', program: 'BIGINT', name: 'VARCHAR', category: 'VARCHAR', "
    "first_click: 'BOOLEAN', pays_all: 'BOOLEAN'",
}


class Recount:
    """What was sent, judged by the written rules alone."""

    def __init__(self, folder: Path, hosting: Path):
        self.db, self.shapes = duckdb.connect(), {}
        self.db.execute("SET TimeZone = 'UTC'")
        self.variables(folder=str(folder), decimals=2)
        for name in TABLES:
            self.db.execute(
                f"CREATE TABLE {name} AS SELECT * FROM "
                f"read_json('{folder}/{name}.json', columns = {{{SHAPES[name]}}})"
            )
        rules = sorted((HERE / "sql" / "rules").glob("*.sql"))
        self._script(rules[0])
        self._hosts(hosting)
        for path in rules[1:]:
            self._script(path)

    def _script(self, path):
        try:
            self.db.execute(path.read_text())
        except duckdb.Error as error:
            raise SystemExit(f"{path.name}: {error}") from error

    def _hosts(self, path):
        """Which addresses lie in networks of hosts."""
        listed = tomllib.loads(path.read_text())["hosting"]["networks"]
        listed = [ipaddress.ip_network(text) for text in listed]
        found = self.db.execute("SELECT DISTINCT address FROM sent_click").fetchall()
        self.db.execute("CREATE TABLE hosting (address VARCHAR, listed BOOLEAN)")
        networks, rows = {}, []
        for (text,) in found:
            address = text and ipaddress.ip_address(text)
            near = address and ipaddress.ip_network(
                f"{text}/{24 if address.version == 4 else 48}", strict=False
            )
            if near not in networks:
                networks[near] = any(near and near.version == one.version and near.subnet_of(one)
                                     for one in listed)
            rows.append({"address": text, "listed": networks[near]})
        self.db.execute(
            "INSERT INTO hosting SELECT unnest(?), unnest(?)",
            [[row["address"] for row in rows], [row["listed"] for row in rows]],
        )

    def take(self, answered, made):
        """Takes what clickd estimated, in the order in which the SQL names it."""
        self.db.execute("DELETE FROM estimate")
        for row in answered:
            numbers = [int(row["MediaId"]), *(row[count] for _, count, _, _ in made)]
            places = ", ".join("?" * len(numbers))
            self.db.execute(f"INSERT INTO estimate VALUES ({places})", numbers)

    def variables(self, **values):
        for name, value in values.items():
            self.db.execute(f"SET VARIABLE {name} = ?", [value])

    def ask(self, report, question):
        """Names of columns, rows, and the options that the report takes."""
        self.db.execute(f"SET VARIABLE first = DATE '{question['first']}'")
        self.db.execute(f"SET VARIABLE last = DATE '{question['last']}'")
        self.variables(
            programs=question["programs"], partner=question.get("partner"),
            decimals=question["decimals"], collapse=question.get("collapse", False),
            zone=None,
        )
        options = Options(*self._shape(report), question.get("options", {}))
        if question.get("options") and not options.sent:
            return [], [], options
        self.variables(zone=options.sent.get("TimeZone"))
        self._keep("here", report)
        if days := options.earlier_days():
            days = self.db.execute(f"SELECT {days[0]}, {days[1]}").fetchone()
            self.db.execute(f"SET VARIABLE first = DATE '{days[0]}'")
            self.db.execute(f"SET VARIABLE last = DATE '{days[1]}'")
            self._keep("earlier", report)
            self.db.execute(f"SET VARIABLE first = DATE '{question['first']}'")
            self.db.execute(f"SET VARIABLE last = DATE '{question['last']}'")
        event_types = self.db.execute(
            "SELECT id, name FROM event_type WHERE category <> 'CLICK' "
            "AND list_contains(getvariable('programs'), program) ORDER BY id"
        ).fetchall()
        found = self.db.execute(options.sql(event_types))
        return [column[0] for column in found.description], found.fetchall(), options

    def _shape(self, report):
        """Names and types of a report's own columns."""
        if report not in self.shapes:
            self._keep("here", report)
            found = self.db.execute("SELECT * FROM here LIMIT 0").description
            self.shapes[report] = [[str(column[part]) for column in found] for part in (0, 1)]
        return self.shapes[report]

    def _keep(self, table, report):
        """Keeps the rows of a report in a table."""
        text = (HERE / "sql" / f"{report}.sql").read_text()
        for part in ("performance", "earnings"):
            own = (HERE / "sql" / f"{part}.sql").read_text()
            text = text.replace(f"{{{part}}}", own.strip())
        try:
            self.db.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {text}")
        except duckdb.Error as error:
            raise SystemExit(f"{report}.sql: {error}") from error


def has_sql(report):
    return (HERE / "sql" / f"{report}.sql").exists()


def unknown_columns(report):
    """Columns that a file says it can't recount, as `-- not recounted: A, B`."""
    found = re.findall(r"^-- not recounted: (.*)$", (HERE / "sql" / f"{report}.sql").read_text(),
                       re.M)
    return {name.strip() for line in found for name in line.split(",")}


def estimates(report):
    """Columns that clickd estimates or bounds: how, the count, what it is a part of, the share."""
    return re.findall(r"^-- (estimate|bound): (\w+) of (\w+), (\w+)$",
                      (HERE / "sql" / f"{report}.sql").read_text(), re.M)


def estimated(columns, expected, answered, made):
    """Estimates that lie further off than they may, or whose share is not theirs."""
    exact = {row[0]: dict(zip(columns, row, strict=True)) for row in expected}
    for row in answered:
        own = exact.get(row[columns[0]])
        for kind, count, of, share in made if own else ():
            of_all = row[of]
            right = Fraction(row[count] * 1_000_000, of_all) if of_all else None
            if right is not None and row[share] != f"{Decimal(round(right)) / 1_000_000:.6f}":
                yield f"{columns[0]} {row[columns[0]]}: {share} {row[share]} of {row[count]}"
            least = own[count] - (TOLERANCE * of_all if kind == "estimate" else 0)
            most = own[count] + TOLERANCE * of_all if kind == "estimate" else of_all
            if not least <= row[count] <= most and (of_all >= CLICKS_MIN or kind == "bound"):
                yield f"{columns[0]} {row[columns[0]]}: {count} {row[count]}, exact {own[count]}"


def differences(columns, expected, answered, skipped, made):
    """Each difference in words: rows of one side alone, by the columns that the other has."""
    if answered:
        own = [name for name in answered[0] if not name.endswith("Uri") and name not in skipped]
        if own != columns:
            yield f"columns {own} instead of {columns}"
            return
    if made:
        yield from estimated(columns, expected, answered, made)
        apart = {name for _, count, _, share in made for name in (count, share)}
        kept = [nth for nth, name in enumerate(columns) if name not in apart]
        expected = [tuple(row[nth] for nth in kept) for row in expected]
        columns = [columns[nth] for nth in kept]
    known = {row[columns.index("ClickId")] for row in expected} if "ClickId" in columns else set()

    def value(row, name):
        # The number of an imported click is clickd's own.
        return None if name == "ClickId" and row[name] not in known else row[name]

    there = Counter(tuple(value(row, name) for name in columns) for row in answered)
    here = Counter(expected)
    alone = [("recount", row) for row in here - there] + [("clickd", row) for row in there - here]
    for side, row in sorted(alone, key=lambda found: (repr(found[1]), found[0])):
        yield f"{side} alone: {json.dumps(dict(zip(columns, row, strict=True)))}"
    numbers = Counter(row["ClickId"] for row in answered) if "ClickId" in columns else {}
    for number, times in numbers.items():
        if times > 1:
            yield f"click {number} is listed {times} times"
