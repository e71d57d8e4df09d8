"""Counts every report again in SQL and compares it with what clickd answers.

    pip install duckdb==2.0.1
    python3 loadtest/recount --clickd PATH [--sample talkingdata_sample.csv.gz] [--seed 1]

A daemon of its own in a temporary folder, on loopback, gets a made-up set of journeys by import, by
links and by the API; with --sample another one gets that file, which `loadtest convert` (beside
clickd) writes for the import. What was sent, never what clickd stored, is counted by `sql/rules`
and one file of SQL for each report, named by its handle. The exit code is 1 if a figure differs, or
a report has no SQL.
"""

import argparse
import datetime
import json
import random
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

import sample  # noqa: E402
from arrivals import ARRIVAL_COLUMNS  # noqa: E402
from compare import Recount, differences, estimates, has_sql, unknown_columns  # noqa: E402
from daemon import Daemon  # noqa: E402
from journeys import CLICK_COLUMNS, ORDER_COLUMNS, Journeys  # noqa: E402
from ledger import BY_MINUTE, unequal  # noqa: E402
from links import actions, unfollowed  # noqa: E402
from live import CHANGE_COLUMNS, CLICK_COLUMNS as LIVE_COLUMNS  # noqa: E402
from live import ITEM_COLUMNS, SALE_COLUMNS, Live  # noqa: E402
from questions import Questions, question  # noqa: E402
from terms import ACCOUNTS, ALL_PROGRAMS, UTC  # noqa: E402

SAID = 8
HOSTING = Path(__file__).parents[2] / "config" / "hosting.toml"


class Table:
    """What was compared, report by report."""

    def __init__(self):
        self.lines, self.wrong, self.dice = {}, 0, random.Random(1)

    def compare(self, name, daemon, recount, questions):
        questions = list(questions)
        sid = questions[0]["sid"]
        for report in daemon.ask(sid, "Reports")["Reports"]:
            handle = report["Id"]
            if handle == BY_MINUTE:
                continue
            if not has_sql(handle):
                self._say(handle, name, 0, 0, ["there is no SQL for it"])
                continue
            skipped, made = unknown_columns(handle), estimates(handle)
            for question in questions:
                if question.get("only", handle) != handle or question.get("but") == handle:
                    continue
                if made:
                    whole = {k: v for k, v in question["query"].items() if k != "MediaId"}
                    recount.take(daemon.rows(question["sid"], handle, whole), made)
                columns, expected, options = recount.ask(handle, question)
                if question.get("options") and not options.sent:
                    continue
                query = question["query"] | options.sent
                answered = daemon.rows(question["sid"], handle, query)
                found = list(differences(columns, expected, answered, skipped, made))
                self._say(handle, name, len(columns), len(expected), found)
                for line in found[:SAID]:
                    print(f"{handle} {query}: {line}")
                if not set(options.sent) - {"TimeZone"}:
                    self._follow(name, daemon, question, answered)

    def _follow(self, name, daemon, question, rows):
        """Adds what some rows lead to."""
        found, followed = unfollowed(daemon, question, rows, self.dice)
        self._say("(lists that rows lead to)", name, 0, followed, found)
        for line in found[:SAID]:
            print(f"list: {line}")

    def listed(self, name, daemon, recount, question):
        """Adds the list of actions."""
        columns, rows, found = actions(daemon, recount, question)
        self._say("(list of actions)", name, len(columns), rows, found)
        for line in found[:SAID]:
            print(f"actions {question['query']}: {line}")

    def minutes(self, name, daemon, question):
        """Adds the ledger of minutes, which adds up to that of days."""
        rows, found = unequal(daemon, question)
        self._say(BY_MINUTE, name, 0, rows, found)
        for line in found[:SAID]:
            print(f"{BY_MINUTE} {question['query']}: {line}")

    def verified(self, name, daemon):
        """Adds what clickd says of its own figures."""
        said = json.loads(daemon.verb("verify", may_fail=True))
        found = said["first_differences"]
        self._say("(clickd verify)", name, 0, said["cells"], found)
        for line in found[:SAID]:
            print(f"verify: {line}")

    def _say(self, handle, name, columns, rows, found):
        line = self.lines.setdefault((name, handle), [0, 0, 0])
        line[0], line[1], line[2] = columns, line[1] + rows, line[2] + len(found)
        self.wrong += len(found)

    def print(self):
        print(f"{'set':9} {'report':50} {'columns':>7} {'rows':>7} {'differences':>11}")
        for (name, handle), (columns, rows, found) in self.lines.items():
            print(f"{name:9} {handle:50} {columns:7} {rows:7} {found:11}")


def headers(folder):
    """Files of all columns, for those that a file does not have, and for a set without a file."""
    for name, columns in [
        ("columns", CLICK_COLUMNS), ("columns2", ORDER_COLUMNS), ("live_clicks", LIVE_COLUMNS),
        ("live_sales", SALE_COLUMNS), ("changes", CHANGE_COLUMNS), ("live_items", ITEM_COLUMNS),
        ("arrivals", ARRIVAL_COLUMNS),
    ]:
        (folder / f"{name}.csv").write_text(",".join(columns) + "\n")


def bring(daemon, folder):
    """Imports both files."""
    daemon.bring("clicks", "Imported clicks", folder / "clicks.csv")
    daemon.bring("conversions", "Conversions", folder / "orders.csv")
    daemon.wait_folded()


def real(options, folder, table):
    convert = options.clickd.with_name("loadtest")
    print(sample.write(convert, options.sample.resolve(), folder))
    headers(folder)
    daemon = Daemon(options.clickd, folder)
    try:
        daemon.verb("catalog", "apply", folder / "catalog.toml")
        daemon.key(sample.PROGRAM["brand"])
        bring(daemon, folder)
        daemon.write(folder)
        questions = [question([sample.PROGRAM], sample.FIRST, sample.LAST)]
        questions.append(question([sample.PROGRAM], "2017-11-07", "2017-11-07"))
        for asked in ({"Compare": "PREVIOUS_PERIOD"}, {"MinClicks": 100, "MinActions": 1}):
            questions.append(
                question([sample.PROGRAM], "2017-11-08", "2017-11-08", options=asked)
            )
        table.compare("sample", daemon, Recount(folder, HOSTING), questions)
        table.verified("sample", daemon)
    finally:
        daemon.stop()


def journeys(options, folder, table):
    today = datetime.datetime.now(UTC).date()
    made = Journeys(options.seed, today)
    made.write(folder)
    headers(folder)
    daemon = Daemon(options.clickd, folder)
    try:
        daemon.verb("catalog", "apply", folder / "catalog.toml")
        for brand in sorted({p["brand"] for p in ALL_PROGRAMS}):
            daemon.key(brand)
        for nth in ACCOUNTS:
            daemon.partner_key(f"IRpartner{nth}")
        bring(daemon, folder)
        live = Live(options.seed, made, daemon)
        live.run()
        live.write(folder)
        daemon.write(folder)
        recount = Recount(folder, HOSTING)
        asked = Questions(made, today)
        table.compare("journeys", daemon, recount, asked.of_brands())
        table.compare("credits", daemon, recount, asked.of_credit())
        for one in asked.of_actions():
            table.listed("journeys", daemon, recount, one)
        for one in asked.of_ledger():
            table.minutes("journeys", daemon, one)
        for nth in ACCOUNTS:
            table.compare("partners", daemon, recount, asked.of_partner(nth))
        table.verified("journeys", daemon)
    finally:
        daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clickd", type=Path, required=True, help="the program to test")
    parser.add_argument("--sample", type=Path, help="the sample, a gzip CSV file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for everything, which stays")
    options = parser.parse_args()
    options.clickd = options.clickd.resolve()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="clickd-recount-") as folder:
        folder = options.keep or Path(folder)
        (folder / "journeys").mkdir(parents=True)
        journeys(options, folder / "journeys", table)
        if options.sample:
            (folder / "sample").mkdir()
            real(options, folder / "sample", table)
    table.print()
    return 1 if table.wrong else 0


sys.exit(main())
