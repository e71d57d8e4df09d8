"""What the daemon and SQL are asked."""

import datetime

from terms import ACCOUNTS, ALL_PROGRAMS, CREDIT, PROGRAMS

PATHS, LEDGER = "att_adv_top_paths_pm_only", "adv_ledger_pm_only"
SHOWN = {"SHOW_PARTNER_GROUP": "1", "SHOW_PARTNER_VALUES": "1", "SHOW_COMPANY_URL": "TRUE",
         "SHOW_MEDIA_TYPE": "1", "SHOW_EVENT_TYPES": "true"}
# Whole hours from UTC, on both sides of it, one with a change of the clocks.
ZONES = ["Pacific/Kiritimati", "America/New_York", "Etc/GMT+12"]


def question(programs, first, last, **more):
    """A question to one brand, as clickd and as SQL are asked it."""
    query = {"StartDate": str(first), "EndDate": str(last), "PageSize": 20000}
    if len(programs) == 1:
        query["SUBAID"] = programs[0]["id"]
    if partner := more.get("partner"):
        query["MediaId"] = partner
    if more.get("collapse"):
        query["CollapseRepeats"] = "TRUE"
    return {
        "sid": programs[0]["brand"], "programs": [p["id"] for p in programs], "first": first,
        "last": last, "decimals": programs[0]["decimals"], "query": query, **more,
    }


class Questions:
    """Questions of all days of the made-up set, and of those around the change of the clocks."""

    def __init__(self, made, today):
        day = datetime.timedelta(days=1)
        self.terms = made.terms
        self.ends = (made.first - 2 * day, today + 2 * day)
        self.days = (made.change - 3 * day, made.change + day)
        # As many as a list of actions takes.
        self.listed = (made.change - 14 * day, made.change + 30 * day)

    def of_brands(self):
        for program in PROGRAMS:
            yield from self._of_program(program, 403)
        yield question(PROGRAMS[:2], *self.ends)
        yield from self._optional()

    def of_credit(self):
        yield from self._of_program(CREDIT, 402)

    def of_actions(self):
        for program in ALL_PROGRAMS:
            yield question([program], *self.listed)

    def of_ledger(self):
        # As many days as minutes are read of.
        last = self.ends[1]
        for program in ALL_PROGRAMS:
            yield question([program], last - datetime.timedelta(days=30), last)

    def _of_program(self, program, partner):
        yield question([program], *self.ends)
        yield question([program], *self.days)
        yield question([program], *self.ends, partner=partner, but=LEDGER)
        yield question([program], *self.ends, collapse=True, only=PATHS)

    def _optional(self):
        """With options, for the reports that take them."""
        ends, days = self.ends, self.days
        year_on = [day + datetime.timedelta(days=365) for day in days]
        for nth, program in enumerate(PROGRAMS):
            for asked, options in [
                (days, {"Compare": "PREVIOUS_PERIOD"}),
                (ends, {"Compare": "PREVIOUS_YEAR", "MinClicks": 3}),
                (year_on, {"Compare": "PREVIOUS_YEAR"}),
                (ends, {"MinClicks": [5, 40, 0][nth]}),
                (ends, {"MinActions": [1, 3, 10][nth]}),
                (ends, {"MinClicks": 2, "MinActions": 1, **SHOWN}),
                (ends, {"PartnerGroup": ["Content", "", "Coupons"][nth]}),
                (ends, {"AdId": str(program["id"] * 10 + 4)}),
                (ends, {"ActionTrackerId": ["12", "21", "31"][nth]}),
                (ends, {"SharedId": ["Ünlü", "", "+1"][nth]}),
                (ends, {"MediaPropertyId": ["1", "", "77"][nth]}),
                (ends, {"ReferringDomain": ["site1.example", "", "blog1.example"][nth]}),
                (ends, {"TimeZone": ZONES[nth]}),
                (days, {"TimeZone": ZONES[nth - 1], "Compare": "PREVIOUS_PERIOD"}),
                (days, {"TimeZone": ZONES[nth - 2], "MinClicks": 2}),
            ]:
                yield question([program], *asked, options=options)
        yield question(PROGRAMS[:2], *days, options={"Compare": "PREVIOUS_PERIOD", **SHOWN})
        yield question(PROGRAMS[:2], *days, options={"TimeZone": "Europe/London"})
        yield question(PROGRAMS[:2], *days, partner=401,
                       options={"Compare": "PREVIOUS_YEAR", **SHOWN})

    def of_partner(self, nth):
        """Questions of one partner that has an account: of each program and, where they are of one
        currency, of all together."""
        own = self.terms.programs_of(400 + nth)
        sets = [[program] for program in own]
        if len({program["currency"] for program in own}) == 1:
            sets.insert(0, own)
        for programs in sets:
            yield self._of_partner(nth, programs, self.ends)
            yield self._of_partner(nth, programs, self.days)
        first = sets[ACCOUNTS.index(nth) % len(sets)]
        for asked, options in [
            (self.days, {"Compare": "PREVIOUS_PERIOD"}),
            (self.ends, {"MinClicks": 10, "MinActions": 1}),
            (self.ends, {"SharedId": "friend"}),
            (self.days, {"TimeZone": "Pacific/Auckland"}),
            (self.ends, {"AdId": str(first[0]["id"] * 10 + 4)}),
        ]:
            yield self._of_partner(nth, first, asked, options)

    @staticmethod
    def _of_partner(nth, programs, days, options=None):
        asked = question(programs, *days, partner=400 + nth, options=options or {})
        # The account itself says which partner it is.
        asked["query"].pop("MediaId")
        return asked | {"sid": f"IRpartner{nth}"}
