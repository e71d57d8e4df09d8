"""A program by whose terms others than the last click earn: codes, forced partners, groups."""

import random

from terms import CREDIT, DAY, EVENT_TYPES, HOUR, PROMO_CODES

CLICKS, ORDERS = 2_500, 900
CODES = ["Always10", "involved5", "WINNER1", "OVER", "NEWS5", "INACTIVE", "TRAIL-7", "trail-7",
         "nobody's"]


class Credits:
    """Clicks and orders of that program, in the shapes of `Journeys`."""

    def __init__(self, seed, journeys):
        self.dice, self.journeys = random.Random(seed + 2), journeys
        self.clicks, self.orders = [], []
        self._clicks()
        self._orders()

    def _clicks(self):
        while len(self.clicks) < CLICKS:
            click = self.journeys._click(CREDIT, self.journeys._time(CREDIT))
            # Whoever owns a code takes part more often.
            if self.dice.random() < 0.3:
                owners = [code["partner"] for code in PROMO_CODES if code["partner"]]
                click["partner"] = self.dice.choice(owners)
            self.clicks.append(click)
        self.clicks.sort(key=lambda click: click["at"])
        for nth, click in enumerate(self.clicks):
            click["name"] = f"w{nth}"

    def _orders(self):
        dice, kinds = self.dice, [e for e in EVENT_TYPES if e[1] == CREDIT["id"]]
        person = 0
        while len(self.orders) < ORDERS:
            person += 1
            at = dice.randrange(len(self.clicks))
            for _ in range(dice.choice([1, 2, 3, 5])):
                click = self.clicks[min(at, len(self.clicks) - 1)]
                at += dice.choice([1, 3, 20, 60])
                kind = dice.choice(kinds)
                order = {
                    "program": CREDIT["id"], "event_type": kind[0],
                    "at": self.journeys._after(
                        click["at"], dice.choice([9_000, HOUR, DAY, 3 * DAY]) + dice.randrange(999)
                    ),
                    "order": f"w{len(self.orders)}", "click": click["name"],
                    "customer": f"w{person}" if dice.random() < 0.9 else "", "profile": "",
                }
                if order["customer"] and dice.random() < 0.5:
                    order["click"] = ""
                if dice.random() < 0.4:
                    order["promo"] = dice.choice(CODES)
                    if dice.random() < 0.15:
                        order["click"] = order["customer"] = ""
                if dice.random() < 0.15:
                    order["forced"] = 400 + dice.randrange(1, 31)
                    order |= dice.choice([
                        {}, {"shared": "told"}, {"sub2": "told"}, {"shared": "x", "sub1": "y"},
                    ])
                self.journeys._sell(order, kind, CREDIT)
                self.orders.append(order)
