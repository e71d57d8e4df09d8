"""What live customers and brands do beside the import, and a record of what was sent.

Customers follow links with the headers of browsers, images, scripts and robots; brands sell to
them, send forged click ids and those of another program, change what was sold and take it back.
"""

import csv
import random
import time
import urllib.parse
from pathlib import Path

from arrivals import ARRIVAL_COLUMNS, Arrivals
from daemon import Daemon, number_of
from journeys import Journeys, order_fields
from terms import AGENTS, ALL_PROGRAMS, PROGRAMS

CLICKS = 300
CLICK_COLUMNS = (
    "at number program partner ad address agent referrer deep sub1 sub2 sub3 shared property "
    "method purpose dest mode language engine"
).split()
SALE_COLUMNS = (
    "program event_type order at received number forged customer profile currency amount promo"
).split()
CHANGE_COLUMNS = "program event_type order kind sku amount".split()
ITEM_COLUMNS = "order sku category price quantity".split()
FOLLOWED = {"Accept-Language": "en", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
# How a request looks, and how often.
SHAPES = [
    (FOLLOWED, 12),
    ({**FOLLOWED, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 2),
    ({**FOLLOWED, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 1),
    ({}, 1),
    ({"Accept-Language": "de"}, 2),
    ({**FOLLOWED, "Sec-CH-UA": '"Chromium";v="131"'}, 2),
    ({**FOLLOWED, "Sec-Purpose": "prefetch"}, 1),
]


class Live:
    def __init__(self, seed, journeys: Journeys, daemon: Daemon):
        self.dice = random.Random(seed + 1)
        self.journeys, self.daemon = journeys, daemon
        self.clicks, self.sales, self.changes, self.last = [], [], [], {}
        self.arrived = Arrivals(seed, self)

    def run(self):
        self._follow()
        self.daemon.wait_folded()
        self._sell()
        self.arrived.run()
        self.daemon.wait_folded()
        self._change()
        self.daemon.wait_folded()

    def _follow(self):
        for _ in range(CLICKS):
            click, headers = self.visit(self.dice.choice(PROGRAMS))
            self.click(click, headers)
            if self.dice.random() < 0.2:
                self.click(dict(click), headers)

    def visit(self, program):
        """A click that somebody may make, and the headers of its request."""
        dice, shapes = self.dice, [shape for shape, _ in SHAPES]
        texts = [a["agent"] for a in AGENTS if a["agent"]]
        ads = [ad["id"] for ad in self.journeys.terms.ads if ad["program"] == program["id"]]
        partner = dice.choice(self.journeys.terms.partners[:12])
        made = self.journeys._click(program, 0)
        headers = dict(dice.choices(shapes, [often for _, often in SHAPES])[0])
        click = {
            "program": program["id"], "ad": dice.choice(ads),
            "partner": 999 if dice.random() < 0.03 else partner["id"],
            "address": f"198.51.100.{dice.randrange(1, 40)}",
            "agent": dice.choice(texts), "referrer": made["referrer"], "deep": made["deep"],
            "shared": made["shared"], "property": dice.choice(["", "1", "2", "77"]),
            "method": "HEAD" if dice.random() < 0.04 else "GET",
            "purpose": headers.get("Sec-Purpose", ""),
            "dest": headers.get("Sec-Fetch-Dest", ""),
            "mode": headers.get("Sec-Fetch-Mode", ""),
            "language": "Accept-Language" in headers, "engine": "Sec-CH-UA" in headers,
        }
        if dice.random() < 0.05:
            click["address"] = "3.5.140.9"
        return click | {f"sub{n}": text for n, text in enumerate(made["subs"], 1)}, headers

    def click(self, click, headers):
        """Follows a link, and records it with what its click id says."""
        query = {"u": click["deep"], "sharedid": click["shared"]}
        query |= {"partnerpropertyid": click["property"]}
        query |= {f"subId{n}": click.get(f"sub{n}", "") for n in (1, 2, 3)}
        query = urllib.parse.urlencode({name: text for name, text in query.items() if text})
        path = f"/c/{click['partner']}/{click['ad']}/{click['program']}?{query}"
        headers = {"User-Agent": click["agent"], "X-Forwarded-For": click["address"], **headers}
        if click["referrer"]:
            headers["Referer"] = click["referrer"]
        click["id"] = self.daemon.click(path, headers, click["method"])
        click["number"], click["at"] = number_of(click["id"])
        self.clicks.append(click)

    def _sell(self):
        dice = self.dice
        for nth in range(CLICKS // 2):
            click = dice.choice(self.clicks)
            if nth == 0:
                # One of a partner that nobody knows.
                click = next(click for click in self.clicks if click["partner"] == 999)
            program = next(p for p in PROGRAMS if p["id"] == click["program"])
            number, claimed, forged = click["number"], click["id"], False
            if dice.random() < 0.1 and nth:
                claimed = claimed[:30] + ("A" if claimed[30] != "A" else "B") + claimed[31:]
                number, forged = "", True
            elif dice.random() < 0.05:
                program = next(p for p in PROGRAMS if p["id"] != program["id"])
            kind = {5101: (11, 12), 5102: (21, 22), 6101: (31,)}[program["id"]]
            is_sale = (event_type := dice.choice(kind)) % 10 == 1
            # A click that nobody knows here says alone why the sale is refused.
            is_stray = not forged and (
                click["partner"] == 999 or click["program"] != program["id"]
            )
            delay = dice.choice([-200_000, 1_500, 4_999, 5_000, 9_000, 60_000, 200_000])
            order = {
                "program": program["id"], "event_type": event_type, "order": f"live{nth}",
                "at": click["at"] + delay, "click": "", "profile": "",
                "customer": "" if is_stray or dice.random() < 0.3 else f"k{nth % 9}",
            }
            if is_sale:
                order["currency"] = program["currency"]
                units = dice.randrange(1, 20_000)
                order["amount"] = f"{units / 10 ** program['decimals']:.{program['decimals']}f}"
            if program["id"] == 5102 and is_sale:
                order["items"] = [{"Sku": "S1", "Category": "Coats", "Price": order.pop("amount"),
                                   "Quantity": "1"}]
            received = int(time.time() * 1000)
            self.send(program, order, claimed)
            if nth % 20 == 3:
                self.send(program, order, claimed, outcome="RefusedRetry")
            if nth % 25 == 4:
                wrong = {**order, "order": f"wrong{nth}", "at": -1}
                self.send(program, wrong, claimed, outcome="RefusedInvalid", expected=400)
            self.sales.append({**order, "number": number, "forged": forged, "received": received})

    def send(self, program, order, click_id, **told):
        """Says what was sold, and by which click if that is known."""
        fields = {**order_fields(order), "ClickId": click_id or ""}
        fields = {name: text for name, text in fields.items() if text != ""}
        self.daemon.ask(program["brand"], "Conversions", "POST", fields, **told)

    def _change(self):
        """Changes of imported orders, and of live ones."""
        dice = self.dice
        seen = [order["order"] for order in self.journeys.orders]
        orders = [order for order in self.journeys.orders if seen.count(order["order"]) == 1]
        orders = dice.sample(orders, len(orders) // 6) + dice.sample(self.sales, CLICKS // 8)
        for order in orders:
            for _ in range(dice.choice([1, 1, 2, 3])):
                self._change_one(order, is_reversal=dice.random() < 0.35)

    def _change_one(self, order, *, is_reversal):
        program = next(p for p in ALL_PROGRAMS if p["id"] == order["program"])
        change = {"program": program["id"], "event_type": order["event_type"],
                  "order": order["order"], "kind": "REVERSE", "sku": "", "amount": ""}
        fields = {"CampaignId": program["id"], "ActionTrackerId": order["event_type"],
                  "OrderId": order["order"]}
        if is_reversal or "currency" not in order:
            fields["DispositionCode"] = "ITEM_RETURNED"
        else:
            units = self.dice.randrange(1, 15_000)
            amount = f"{units / 10 ** program['decimals']:.{program['decimals']}f}"
            change |= {"kind": "MODIFY", "amount": amount}
            fields |= {"Reason": "ORDER_UPDATE", "Amount": amount}
            if order.get("items"):
                change["sku"] = fields["Sku"] = order["items"][0]["Sku"]
        method = "DELETE" if change["kind"] == "REVERSE" else "PUT"
        # What repeats the last change of its order is a retry.
        place = (program["id"], order["event_type"], order["order"])
        outcome = "RefusedRetry" if self.last.get(place) == (method, fields) else "Stored"
        self.last[place] = (method, fields)
        self.daemon.ask(program["brand"], "Actions", method, fields, outcome=outcome)
        self.changes.append(change)

    def write(self, folder: Path):
        """What was sent, for the recount."""
        for name, columns, rows in [
            ("live_clicks", CLICK_COLUMNS, self.clicks), ("live_sales", SALE_COLUMNS, self.sales),
            ("changes", CHANGE_COLUMNS, self.changes),
            ("arrivals", ARRIVAL_COLUMNS, self.arrived.arrivals),
        ]:
            with (folder / f"{name}.csv").open("w", newline="") as file:
                out = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
                out.writeheader()
                out.writerows(rows)
        with (folder / "live_items.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(ITEM_COLUMNS)
            for sale in self.sales:
                for item in sale.get("items", []):
                    out.writerow([sale["order"], item["Sku"], item["Category"], item["Price"],
                                  item["Quantity"]])
