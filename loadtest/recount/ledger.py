"""The ledger of minutes, which must add up to that of days, on days that the SQL counts again."""

import datetime
import zoneinfo
from collections import Counter

from terms import ALL_PROGRAMS

BY_DAY, BY_MINUTE = "adv_ledger_pm_only", "adv_ledger_by_minute_pm_only"


def unequal(daemon, question):
    """How many minutes there are, and what their sums differ in from the days."""
    (program,) = question["programs"]
    zone = zoneinfo.ZoneInfo(next(p["zone"] for p in ALL_PROGRAMS if p["id"] == program))
    minutes = daemon.rows(question["sid"], BY_MINUTE, question["query"])
    days = daemon.rows(question["sid"], BY_DAY, question["query"])
    there, here = Counter(), Counter()
    for row in minutes:
        at = datetime.datetime.fromisoformat(row.pop("Minute"))
        if at.second or at.microsecond:
            return len(minutes), [f"{at} is no minute"]
        add(there, str(at.astimezone(zone).date()), row)
    for row in days:
        add(here, row.pop("Day"), row)
    found = [f"{place}: {there[place]} by minutes, {here[place]} by days"
             for place in sorted(there.keys() | here.keys()) if there[place] != here[place]]
    return len(minutes), found


def add(sums, day, row):
    stream = row.pop("Stream")
    for name, count in row.items():
        if not name.endswith("Uri"):
            sums[day, stream, name] += count
