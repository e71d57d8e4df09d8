"""What rows of reports lead to: lists of clicks and of actions, which must hold what is counted."""

import datetime
import urllib.parse
from collections import Counter

LISTED_DAYS, LISTED_YEARS = 45, 3
# What tells rows apart that lists of clicks, and of actions, can tell apart as well.
OF_CLICKS = {
    "CampaignId", "MediaId", "Day", "Week", "Month", "AdId", "SharedId", "MediaPropertyId",
    "ReferringDomain",
}
OF_ACTIONS = {"CampaignId", "MediaId", "Day", "Week", "Month", "AdId", "ActionTrackerId"}
# Of what tells rows apart, what no list can.
OF_NONE = {"DeviceType", "Group", "Path", "SubId1"}
LINKS = [("ActionsUri", "GrossActions", OF_ACTIONS), ("ClicksUri", "Clicks", OF_CLICKS),
         ("RawClicksUri", "RawClicks", OF_CLICKS)]


def unfollowed(daemon, question, rows, dice):
    """Differences between some rows and the lists that they lead to, and how many were followed."""
    found, followed = [], 0
    today = datetime.datetime.now(datetime.timezone.utc).date()
    oldest = today - datetime.timedelta(days=365 * LISTED_YEARS)
    for row in dice.sample(rows, min(len(rows), 3)):
        told_by = (OF_CLICKS | OF_ACTIONS | OF_NONE) & set(row)
        for link, column, lists in LINKS:
            is_due = column in row and told_by <= lists
            if link == "ActionsUri":
                is_due &= len(question["programs"]) == 1 or "CampaignId" in row
                first, last = days_of(row, question)
                is_due &= (last - first).days < LISTED_DAYS and first > oldest
            else:
                is_due &= daemon.sides[question["sid"]] == "Advertisers"
            if is_due != (link in row):
                found.append(f"{link} is {'missing' if is_due else 'there'}: {row}")
            if link not in row:
                continue
            followed += 1
            # Pages of a list of clicks may be small, those of actions may not.
            uri = row[link] + ("" if link == "ActionsUri" else "&PageSize=1")
            listed = int(daemon.ask(question["sid"], uri)["@total"])
            if listed != row[column]:
                found.append(f"{link} lists {listed} of {row[column]}: {uri}")
    return found, followed


def days_of(row, question):
    """The days that a row is made of, the first and the last."""
    first, last = (datetime.date.fromisoformat(str(question[end])) for end in ("first", "last"))
    stretch = next((name for name in ("Day", "Week", "Month") if name in row), None)
    if stretch:
        start = datetime.date.fromisoformat(row[stretch])
        length = {"Day": 1, "Week": 7}.get(stretch)
        after = start + datetime.timedelta(days=length or 31)
        end = after - datetime.timedelta(days=1 if length else after.day)
        first, last = max(first, start), min(last, end)
    return first, last


def actions(daemon, recount, question):
    """The list of the actions of a question, and its differences from the recount."""
    query = {"CampaignId": question["programs"][0], "ActionDateStart": question["first"],
             "ActionDateEnd": question["last"]}
    columns, expected, _ = recount.ask("actions", question)
    answered = daemon.ask(question["sid"], f"Actions?{urllib.parse.urlencode(query)}")
    there = Counter(tuple(text(row, name) for name in columns) for row in answered["Actions"])
    here = Counter(tuple(map(str, row)) for row in expected)
    found = [f"recount alone: {row}" for row in here - there]
    found += [f"clickd alone: {row}" for row in there - here]
    return columns, len(expected), found


def text(row, name):
    if name == "EventDate":
        return str(round(datetime.datetime.fromisoformat(row[name]).timestamp()))
    return str(row[name])
