"""People who come to the pages of one program by partners' links and by channels of the brand."""

import random
import time
import urllib.parse

from terms import CREDIT, DAY, EVENT_TYPES, HOUR, MINUTE, iso

PEOPLE = 120
ARRIVAL_COLUMNS = "after program customer at number source medium referrer".split()
# What the address of a page says of the way there, and the page before it.
WAYS = [
    {"source": "mail", "medium": "email"}, {"source": "google", "medium": "cpc"},
    {"source": "bing", "medium": "cpc"}, {"referrer": "https://forum.example/thread?n=1"},
    {"referrer": "https://www.shop.example/before"}, {},
]
OWN = {"referrer": "https://www.shop.example/before"}
CODES = ["", "", "", "ALWAYS10", "INVOLVED5", "NEWS5"]


class Arrivals:
    """Page loads and orders of people, sent by a `Live` and recorded with what it sends."""

    def __init__(self, seed, live):
        self.dice, self.live, self.daemon = random.Random(seed + 3), live, live.daemon
        self.arrivals = []

    def run(self):
        for nth in range(PEOPLE):
            self._person(f"a{nth}")

    def _person(self, customer):
        dice = self.dice
        at, way, click = now_alone() - 9 * DAY + dice.randrange(HOUR), {}, None
        for _ in range(dice.randrange(5)):
            gap = dice.choice([5 * MINUTE, 2 * HOUR, DAY])
            at += gap
            # Within a session people stay, or come by the same campaign once more.
            way = dice.choice([way, OWN, {}]) if gap < HOUR else dice.choice(WAYS)
            self._load(customer, at, way)
        for _ in range(dice.choice([0, 1, 1, 2])):
            click, headers = self.live.visit(CREDIT)
            now_alone()
            self.live.click(click, headers)
            self._load(customer, click["at"], {}, click)
            if dice.random() < 0.3:
                self._load(customer, now_alone(), dice.choice([WAYS[0], WAYS[1], OWN]))
        if click and click["partner"] == 999:
            # That nobody knows the click is not what the sale would be refused for.
            click = None
        for _ in range(dice.choice([1, 1, 2])):
            self._sell(customer, click if dice.random() < 0.3 else None)

    def _load(self, customer, at, way, click=None):
        query = {f"utm_{name}": way[name] for name in ("source", "medium") if name in way}
        page = f"https://www.shop.example/page?{urllib.parse.urlencode(query)}"
        fields = {"CampaignId": CREDIT["id"], "EventDate": iso(at), "CustomerId": customer,
                  "PageUrl": page}
        if click:
            fields["ClickId"] = click["id"]
        if "referrer" in way:
            fields["ReferringUrl"] = way["referrer"]
        self.daemon.load(fields)
        self.arrivals.append({
            "after": len(self.live.sales), "program": CREDIT["id"], "customer": customer, "at": at,
            "number": click["number"] if click else "", **way,
        })

    def _sell(self, customer, click):
        dice = self.dice
        kind = dice.choice([event for event in EVENT_TYPES if event[1] == CREDIT["id"]])
        order = {
            "program": CREDIT["id"], "event_type": kind[0],
            "order": f"arrived{len(self.live.sales)}", "at": now_alone(), "click": "",
            "profile": "", "customer": customer, "promo": dice.choice(CODES),
        }
        if kind[3] == "SALE":
            order |= {"currency": "GBP", "amount": f"{dice.randrange(1, 20_000) / 100:.2f}"}
        self.live.send(CREDIT, order, click and click["id"])
        self.live.sales.append(order | {
            "number": click["number"] if click else "", "forged": False, "received": order["at"],
        })


def now_alone():
    """A time that nothing before has: which of two events of a millisecond is later, no sender
    can tell."""
    time.sleep(0.002)
    return int(time.time() * 1000)
