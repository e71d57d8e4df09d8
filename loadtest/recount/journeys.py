"""The made-up set: what was clicked and bought.

Everything follows from a seed and from the days around the last change of New York's clocks, so
that journeys lie within what clickd remembers.
"""

import csv
import datetime
import json
import random
import zoneinfo
from pathlib import Path

from credit import Credits
from terms import AGENTS, DAY, EVENT_TYPES, HOUR, PARTNERS, PROGRAMS, Terms, iso, millis

# Days before the change of the clocks, and after it.
BEFORE, AFTER = 14, 17
CLICKS, ORDERS = 12_000, 1_500
CLICK_COLUMNS = (
    "ExternalClickId EventDate CampaignId MediaId AdId IpAddress Visitor UserAgent ReferringUrl "
    "DeepLink SubId1 SubId2 SubId3 SharedId"
).split()
ORDER_COLUMNS = (
    "OrderId EventDate CampaignId ActionTrackerId CustomClickId CustomerId CustomProfileId "
    "CurrencyCode Amount OrderPromoCode MediaId SharedId SubId1 SubId2 SubId3 "
    "ItemSku1 ItemCategory1 ItemPrice1 ItemQuantity1 ItemDiscount1 ItemTotalDiscount1 "
    "ItemSku2 ItemCategory2 ItemPrice2 ItemQuantity2 ItemDiscount2 ItemTotalDiscount2"
).split()

AGENT_WEIGHTS = [30, 20, 20, 8, 14, 3, 1, 1, 1]


def last_change(today):
    """The last day on which New York's clocks changed that lies far enough back."""
    zone = zoneinfo.ZoneInfo("America/New_York")
    day = today - datetime.timedelta(days=AFTER + 2)
    while True:
        before, after = (
            datetime.datetime.combine(day + datetime.timedelta(days=d), datetime.time(), zone)
            for d in (0, 1)
        )
        if before.utcoffset() != after.utcoffset():
            return day
        day -= datetime.timedelta(days=1)


class Journeys:
    def __init__(self, seed, today):
        self.dice = random.Random(seed)
        change = last_change(today)
        self.first = change - datetime.timedelta(days=BEFORE)
        self.last = change + datetime.timedelta(days=AFTER)
        self.change = change
        self.taken = set()
        self.terms = Terms(self.first, change)
        self.clicks, self.orders = [], []
        self._clicks()
        self._orders()
        self._year_before()
        made = Credits(seed, self)
        self.clicks += made.clicks
        self.orders += made.orders

    def _time(self, program):
        """A time of its own, more often around the change of the clocks."""
        span = (millis(self.first, program["zone"]), millis(self.last, program["zone"]))
        while True:
            if self.dice.random() < 0.1:
                at = millis(self.change, program["zone"]) + self.dice.randrange(-4, 30) * HOUR
                at += self.dice.randrange(HOUR)
            else:
                at = self.dice.randrange(*span)
            if at not in self.taken:
                self.taken.add(at)
                return at

    def _after(self, at, gap):
        while at + gap in self.taken:
            gap += 1
        self.taken.add(at + gap)
        return at + gap

    def _clicks(self):
        while len(self.clicks) < CLICKS:
            program = self.dice.choice(PROGRAMS)
            one = self._click(program, self._time(program))
            self.clicks.append(one)
            at = one["at"]
            # Visitors who come back within the window, at its end, and beyond.
            while self.dice.random() < 0.35:
                window = program["window_ms"]
                gap = self.dice.choice([1_000, window // 2, window - 1, window, window + 1])
                at = self._after(at, gap)
                self.clicks.append({**one, "at": at})

    def _click(self, program, at):
        dice = self.dice
        # Some partners have most of the clicks.
        nth = min(int(dice.expovariate(0.22)), PARTNERS - 1)
        partner = self.terms.partners[nth]
        agents = dice.choices(AGENTS, AGENT_WEIGHTS)[0]["agent"]
        ads = [ad["id"] for ad in self.terms.ads if ad["program"] == program["id"]]
        hosts = [p["name"] for p in partner["properties"] if "." in p["name"]]
        host = dice.choice([*hosts, *hosts, f"WWW.Blog{nth % 4}.example", "news.example:8443"])
        page = f"https://{host}/{dice.choice(['a', 'a', 'b', 'c'])}?q={dice.random():.3f}#top"
        address = f"198.51.{nth}.{dice.randrange(1, 255)}"
        if dice.random() < 0.5:
            address = f"203.0.{dice.randrange(113)}.{dice.randrange(1, 255)}"
        if dice.random() < 0.03:
            address = dice.choice(["3.5.140.2", "5.9.10.11", "2a01:4f8:1:2::3"])
        deep = ""
        if dice.random() < 0.1:
            deep = dice.choice(["https://www.shop.example/deep?x=1", "https://evil.example/"])
        return {
            "at": at, "program": program["id"],
            "partner": dice.choice([999, 998]) if dice.random() < 0.01 else partner["id"],
            "ad": dice.choice([7, 0]) if dice.random() < 0.02 else dice.choice(ads),
            "address": address, "visitor": f"v{dice.randrange(400)}" if dice.random() < 0.1 else "",
            "agent": agents, "referrer": page if dice.random() < 0.8 else "", "deep": deep,
            "subs": [f"s{dice.randrange(4)}" if dice.random() < 0.4 else "", "", "x"][
                : dice.randrange(4)
            ],
            "shared": dice.choice(["friend", "mail", "Ünlü", "+1", *[""] * 9]),
        }

    def _orders(self):
        """Customers with several clicks and orders, each order after one of the clicks."""
        dice = self.dice
        by_program = {p["id"]: [] for p in PROGRAMS}
        self.clicks.sort(key=lambda click: click["at"])
        for nth, click in enumerate(self.clicks):
            click["name"] = f"x{nth}"
            by_program[click["program"]].append(click)
        kinds = {p["id"]: [e for e in EVENT_TYPES if e[1] == p["id"] and e[3] != "CLICK"]
                 for p in PROGRAMS}
        number = 0
        while number < ORDERS:
            program = dice.choice(PROGRAMS)
            clicks = by_program[program["id"]]
            customer = f"c{number}"
            at = dice.randrange(len(clicks))
            for _ in range(dice.choice([1, 1, 2, 3, 4, 12])):
                click = clicks[min(at, len(clicks) - 1)]
                at += dice.choice([0, 1, 5, 90, 400])
                delay = dice.choice([3_000, 8_000, 90_000, HOUR, 5 * HOUR, DAY, 3 * DAY, 8 * DAY])
                # Some are said to have been before their click.
                delay = -HOUR if dice.random() < 0.03 else delay
                when = self._after(click["at"], delay + dice.randrange(1000))
                number += 1
                kind = dice.choices(kinds[program["id"]], [2, 1][: len(kinds[program["id"]])])[0]
                order = {"program": program["id"], "event_type": kind[0], "at": when,
                         "order": f"o{number}", "click": click["name"],
                         "customer": customer if dice.random() < 0.8 else "",
                         "profile": f"p{number // 7}" if dice.random() < 0.2 else ""}
                if order["customer"] and dice.random() < 0.15:
                    order["click"] = ""
                elif dice.random() < 0.03:
                    order["click"] = "nowhere"
                if not (order["customer"] or order["profile"] or order["click"]):
                    order["click"] = click["name"]
                if dice.random() < 0.04:
                    order["order"] = f"o{max(1, number - dice.randrange(1, 6))}"
                self._sell(order, kind, program)
                self.orders.append(order)

    def _year_before(self):
        """Some of the clicks a year earlier, and orders of them, to compare with."""
        for nth, click in enumerate(self.dice.sample(self.clicks, CLICKS // 12)):
            at = self._after(click["at"], -365 * DAY)
            early = {**click, "at": at, "name": f"y{nth}", "visitor": ""}
            self.clicks.append(early)
            if nth % 4:
                continue
            program = next(p for p in PROGRAMS if p["id"] == click["program"])
            kind = next(e for e in EVENT_TYPES if e[1] == program["id"])
            order = {"program": program["id"], "event_type": kind[0], "order": f"early{nth}",
                     "at": self._after(at, HOUR), "click": early["name"], "customer": "",
                     "profile": ""}
            self._sell(order, kind, program)
            self.orders.append(order)

    def _sell(self, order, kind, program):
        dice = self.dice
        cents = 10 ** program["decimals"]

        def amount(most):
            units = dice.randrange(1, most * cents)
            return f"{units / cents:.{program['decimals']}f}"

        if kind[3] == "LEAD":
            return
        order["currency"] = program["currency"]
        if program["id"] != 5102:
            order["amount"] = amount(250)
            return
        skus = [("S1", "Boots"), ("S2", "Hats"), ("S3", "Coats")]
        order["items"] = []
        for sku, category in dice.sample(skus, dice.randrange(1, 3)):
            order["items"].append({
                "Sku": sku, "Category": category, "Price": f"{dice.randrange(500, 9000) / 100:.2f}",
                "Quantity": str(dice.randrange(1, 4)),
                "Discount": dice.choice(["", "0.35"]), "TotalDiscount": dice.choice(["", "1.01"]),
            })

    def write(self, folder: Path):
        """The catalogue, and the files to import."""
        (folder / "catalog.toml").write_text(self.terms.catalog())
        with (folder / "clicks.csv").open("w", newline="") as file:
            out = csv.DictWriter(file, CLICK_COLUMNS, restval="")
            out.writeheader()
            clicks = self.clicks[:]
            self.dice.shuffle(clicks)
            for click in clicks:
                subs = {f"SubId{n}": text for n, text in enumerate(click["subs"], 1)}
                out.writerow({
                    "ExternalClickId": click["name"], "EventDate": iso(click["at"]),
                    "CampaignId": click["program"], "MediaId": click["partner"],
                    "AdId": click["ad"], "IpAddress": click["address"],
                    "Visitor": click["visitor"], "UserAgent": click["agent"],
                    "ReferringUrl": click["referrer"], "DeepLink": click["deep"], **subs,
                    "SharedId": click["shared"],
                })
        with (folder / "orders.csv").open("w", newline="") as file:
            out = csv.DictWriter(file, ORDER_COLUMNS, restval="")
            out.writeheader()
            for order in self.orders:
                out.writerow(order_fields(order))
        write_tables(folder, self.terms.tables())


def write_tables(folder: Path, tables):
    """Tables of terms for the recount."""
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(rows))


def order_fields(order):
    """The fields of an order as clickd takes them."""
    fields = {
        "OrderId": order["order"], "EventDate": iso(order["at"]), "CampaignId": order["program"],
        "ActionTrackerId": order["event_type"], "CustomClickId": order["click"],
        "CustomerId": order["customer"], "CustomProfileId": order["profile"],
        "CurrencyCode": order.get("currency", ""), "Amount": order.get("amount", ""),
        "OrderPromoCode": order.get("promo", ""), "MediaId": order.get("forced", ""),
        "SharedId": order.get("shared", ""),
        **{f"SubId{nth}": order.get(f"sub{nth}", "") for nth in (1, 2, 3)},
    }
    for nth, item in enumerate(order.get("items", []), 1):
        fields |= {f"Item{name}{nth}": text for name, text in item.items()}
    return fields
