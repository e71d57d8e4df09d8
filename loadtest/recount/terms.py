"""Who takes part in the made-up set, and by which terms: programs, ads, partners, contracts."""

import datetime
import json
import zoneinfo

UTC = datetime.timezone.utc
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PARTNERS = 30
# Partners that read their own figures: of all programs, of some, with ended contracts, inactive.
ACCOUNTS = (1, 3, 4, 5, 8, 29)

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/16.6 Mobile/15E148 Safari/604.1"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def agent(text, words, *, robot=False, is_browser=True, recent=False, other_engine=False):
    device, browser, system = words
    return {
        "agent": text, "device": device, "browser": browser, "os": system, "robot": robot,
        "is_browser": is_browser, "recent": recent, "other_engine": other_engine,
    }


# What a person says of each user agent, not what clickd reads in it.
AGENTS = [
    agent(CHROME, ("DESKTOP", "Chrome", "Windows 10"), recent=True),
    agent(FIREFOX, ("DESKTOP", "Firefox", "Windows 10"), recent=True, other_engine=True),
    agent(IPHONE, ("PHONE", "Safari", "iPhone"), recent=True, other_engine=True),
    agent(IPAD, ("TABLET", "Safari", "iPad"), other_engine=True),
    agent(PIXEL, ("PHONE", "Chrome", "Android"), recent=True),
    agent(GOOGLEBOT, ("ROBOT", "Googlebot", "UNKNOWN"), robot=True),
    agent("okhttp/4.9", ("UNKNOWN",) * 3, robot=True, is_browser=False),
    agent("Boutique/7.2 (de; 12)", ("UNKNOWN",) * 3, is_browser=False),
    agent("", ("UNKNOWN",) * 3, is_browser=False),
]


PROGRAMS = [
    {"id": 5101, "brand": "IRnorth", "brand_name": "IRnorth Ltd",
     "name": "North US", "zone": "America/New_York",
     "currency": "USD", "decimals": 2, "window": "30m", "window_ms": 30 * MINUTE,
     "rolling": True, "pays_expired": True, "risk": "RELAXED", "deep": True},
    {"id": 5102, "brand": "IRnorth", "brand_name": "IRnorth Ltd",
     "name": "North Europe", "zone": "Europe/Berlin",
     "currency": "USD", "decimals": 2, "window": "6h", "window_ms": 6 * HOUR,
     "rolling": False, "pays_expired": False, "risk": "MODERATE", "deep": True},
    {"id": 6101, "brand": "IRsouth", "brand_name": "IRsouth Ltd",
     "name": "South Japan", "zone": "Asia/Tokyo",
     "currency": "JPY", "decimals": 0, "window": "5m", "window_ms": 5 * MINUTE,
     "rolling": True, "pays_expired": False, "risk": "RELAXED", "deep": False},
]
# The program of promo codes, forced partners and credit groups.
CREDIT = {
    "id": 7101, "brand": "IRwest", "brand_name": "IRwest Ltd", "name": "West",
    "zone": "Europe/London", "currency": "GBP", "decimals": 2, "window": "30m",
    "window_ms": 30 * MINUTE, "rolling": True, "pays_expired": True, "risk": "RELAXED",
    "deep": True,
}
ALL_PROGRAMS = [*PROGRAMS, CREDIT]
GROUPS = ["PREFERRED", "STANDARD", "NON_PREFERRED"]
# Codes, whose they are and when they earn; an end is a day after the change of the clocks.
PROMO_CODES = [
    {"code": "ALWAYS10", "partner": 402, "policy": "ALWAYS"},
    {"code": "INVOLVED5", "partner": 403, "policy": "INVOLVED"},
    # Of a partner whose contract ends on the way.
    {"code": "WINNER1", "partner": 404, "policy": "WINNER"},
    {"code": "OVER", "partner": 405, "policy": "ALWAYS", "end": 1},
    {"code": "INACTIVE", "partner": 429, "policy": "ALWAYS"},
    {"code": "TRAIL-[0-9]+", "partner": 407, "policy": "INVOLVED", "type": "RE"},
    {"code": "NEWS5", "partner": None, "channel": "Newsletter"},
]
# Channels of that program: one that takes no credit, and one that does.
CHANNELS = [
    'name = "Newsletter"\nrules = [{ part = "UTM_MEDIUM", operator = "IS", values = ["email"] }]',
    'name = "Paid search"\ncredit_group = "STANDARD"\nrules = [\n'
    '    { part = "UTM_SOURCE", operator = "IS", values = ["google", "bing"] },\n'
    '    { part = "UTM_MEDIUM", operator = "IS", values = ["cpc"] },\n]',
]
# Number, program, name, category.
EVENT_TYPES = [
    (11, 5101, "Sale", "SALE"), (12, 5101, "Sign-up", "LEAD"), (13, 5101, "Visit", "CLICK"),
    (21, 5102, "Sale", "SALE"), (22, 5102, "Sign-up", "LEAD"),
    (31, 6101, "Sale", "SALE"), (33, 6101, "Visit", "CLICK"),
    (41, 7101, "Sale", "SALE"), (42, 7101, "Sign-up", "LEAD"), (43, 7101, "Request", "LEAD"),
]
# Event types that the first click earns, and those that partners of the last group do not.
FIRST_CLICK, NOT_FOR_LAST = {42}, {43}


def millis(day, zone="UTC", hour=0):
    at = datetime.datetime.combine(day, datetime.time(hour), zoneinfo.ZoneInfo(zone))
    return int(at.timestamp() * 1000)


def iso(at):
    return datetime.datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + (
        f".{at % 1000:03}Z"
    )


class Terms:
    """The catalogue of some days, in the midst of which clocks change."""

    def __init__(self, first, change):
        self.first, self.change = first, change
        self.ads, self.partners, self.contracts = self._ads(), self._partners(), []
        self.payouts, self.groups, self.limits = [], [], []
        self._contracts()
        self.promo_codes = [self._code(code) for code in PROMO_CODES]

    def _code(self, code):
        end = code.get("end") and self.change + datetime.timedelta(days=code["end"])
        after = end and end + datetime.timedelta(days=1)
        return {
            "channel": None, "policy": None, "type": "LI", **code, "program": CREDIT["id"],
            "end": end and end.isoformat(), "end_ms": after and millis(after, CREDIT["zone"]),
        }

    def _ads(self):
        ads = []
        for program in ALL_PROGRAMS:
            base = program["id"] * 10
            for nth in range(6):
                end = end_ms = None
                if nth == 4:
                    end = self.first + datetime.timedelta(days=6)
                    end_ms = millis(end + datetime.timedelta(days=1), program["zone"])
                if nth == 5:
                    end_ms = millis(self.change, program["zone"], 18)
                page = f"https://www.shop.example/{program['id']}/ad{nth}"
                ads.append({
                    "program": program["id"], "id": base + nth, "name": f"Ad {nth} of {base}",
                    "page": page, "end": end and end.isoformat(), "end_ms": end_ms,
                    "expired_page": f"{page}/over" if nth == 5 else None,
                })
        return ads

    def _partners(self):
        partners = []
        for nth in range(1, PARTNERS + 1):
            number = 400 + nth
            hosts = [] if nth % 5 == 0 else [f"site{nth}.example"]
            names = [f"Partner {nth} video", *hosts]
            partners.append({
                "id": number, "name": f"Partner No. {nth}", "active": nth != 29,
                "group": ["Content", "Coupons", ""][nth % 3],
                "account": f"IRpartner{nth}" if nth in ACCOUNTS else "",
                "media_type": ["", "Content", "Coupon"][nth % 3],
                "values": [[], ["gold", "", "=note"], ["", "Ünlü"]][nth % 3],
                "contact": f"mail@site{nth}.example" if nth % 2 else "",
                "properties": [{"id": k, "name": name} for k, name in enumerate(names, 1)],
            })
        return partners

    def _contracts(self):
        """Every partner joins each program but some; some contracts end on the way."""
        start = self.first - datetime.timedelta(days=500)
        middle = self.change - datetime.timedelta(days=3)
        for program in ALL_PROGRAMS:
            for nth, partner in enumerate(self.partners):
                if (nth + program["id"]) % 11 == 0:
                    continue
                periods = [(start, None)]
                if nth % 10 == 3:
                    periods = [(start, middle)]
                if nth % 10 == 7:
                    periods.append((middle + datetime.timedelta(days=4), None))
                    periods[0] = (start, middle)
                for first, last in periods:
                    self._contract(program, partner["id"], nth, first, last)

    def _contract(self, program, partner, nth, first, last):
        zone = program["zone"]
        end_ms = last and millis(last + datetime.timedelta(days=1), zone)
        window = 14 if program == CREDIT else [2, 7, 14][nth % 3]
        key = {"program": program["id"], "partner": partner, "start_ms": millis(first, zone)}
        self.contracts.append({
            **key, "start": first.isoformat(), "end": last and last.isoformat(),
            "credit_group": GROUPS[nth // 2 % 3] if program == CREDIT else GROUPS[0],
            "end_ms": end_ms, "window_days": window, "window_ms": window * DAY,
        })

        def payout(event_type, level, price, restricted=None):
            self.payouts.append({
                **key, "event_type": event_type, "level": level, "price": price,
                "restricted": restricted,
            })

        def group(event_type, rank, rule, price):
            self.groups.append({
                **key, "event_type": event_type, "rank": rank, "variable": rule[0],
                "operator": rule[1], "value": rule[2], "price": price,
            })

        def limit(event_type, rank, of, most, period):
            self.limits.append({
                **key, "event_type": event_type, "rank": rank, "of": of, "most": most,
                "period": period,
            })

        if program["id"] == 5101:
            payout(11, "ORDER", ["12.5%", "3.3333%", "7.25%"][nth % 3])
            group(11, 1, ("ORDER_TOTAL", "GTE", "100"), "15%")
            if nth % 4:
                payout(12, "ORDER", "1.55")
            if nth % 6 != 5:
                payout(13, "CLICK", "0.0125")
                group(13, 1, ("AD_ID", "IS", "51011"), "0.033333")
                group(13, 2, ("SHARED_ID", "IS", "friend"), "0.5")
                limit(13, 1, "ACTIONS", "4", "DAY")
                limit(13, 2, "PAYOUT", "1.2", "MONTH")
        if program["id"] == 5102:
            payout(21, "ITEM", ["6.5%", "2.75%"][nth % 2])
            group(21, 1, ("ITEM_CATEGORY", "IS", "Boots"), "4.05")
            group(21, 2, ("ITEM_CATEGORY", "IS", "Hats"), "11.1111%")
            payout(22, "ORDER", "2.00")
        if program == CREDIT:
            payout(41, "ORDER", ["10%", "4.5%"][nth % 2])
            payout(42, "ORDER", "1.50")
            if nth % 5:
                payout(43, "ORDER", "2.25")
        if program["id"] == 6101:
            payout(31, "ORDER", "7.25%")
            payout(33, "CLICK", "2.345678", restricted="mail")
            limit(33, 1, "PAYOUT", "150", "WEEK")

    def programs_of(self, partner):
        """Programs that a partner has or had a contract with."""
        own = {c["program"] for c in self.contracts if c["partner"] == partner}
        return [program for program in ALL_PROGRAMS if program["id"] in own]

    def tables(self):
        """Rows for the recount, by table."""
        return {
            "program": ALL_PROGRAMS, "promo_code": self.promo_codes, "ad": self.ads,
            "partner": self.partners,
            "contract": self.contracts, "payout": self.payouts, "payout_group": self.groups,
            "payout_limit": self.limits, "agent": AGENTS,
            "event_type": [
                {"id": number, "program": program, "name": name, "category": category,
                 "first_click": number in FIRST_CLICK, "pays_all": number not in NOT_FOR_LAST}
                for number, program, name, category in EVENT_TYPES
            ],
        }

    def catalog(self):
        text = ["version = 0"]
        brands = {(p["brand"], p["brand_name"]) for p in ALL_PROGRAMS}
        for sid, name in sorted(brands):
            text.append(f'[[brand]]\nsid = "{sid}"\nname = "{name}"')
        for p in ALL_PROGRAMS:
            deep = 'deep_linking = true\ndeep_link_domains = ["*.shop.example"]'
            deep = deep if p["deep"] else ""
            pages = 'page_load = true\nsite_hosts = ["*.shop.example"]\n' if p == CREDIT else ""
            text.append(
                f'[[program]]\nid = {p["id"]}\nbrand = "{p["brand"]}"\nname = "{p["name"]}"\n'
                f'time_zone = "{p["zone"]}"\ncurrency = "{p["currency"]}"\n'
                f'landing_page = "https://www.shop.example/{p["id"]}"\n{deep}\n{pages}'
                f'unique_click_window = "{p["window"]}"\n'
                f'unique_click_type = "{"ROLLING" if p["rolling"] else "FIXED"}"\n'
                f'pay_expired_ads = {str(p["pays_expired"]).lower()}\nrisk = "{p["risk"]}"'
            )
        for number, program, name, category in EVENT_TYPES:
            text.append(
                f'[[event_type]]\nprogram = {program}\nid = {number}\nname = "{name}"\n'
                f'category = "{category}"'
                + ('\ncredit_policy = "FIRST_CLICK"' if number in FIRST_CLICK else "")
                + ("\ncredit_non_preferred = false" if number in NOT_FOR_LAST else "")
            )
        for ad in self.ads:
            end = ad["end"] or (ad["end_ms"] and iso(ad["end_ms"]))
            text.append(
                f'[[ad]]\nprogram = {ad["program"]}\nid = {ad["id"]}\nname = "{ad["name"]}"\n'
                f'type = "BANNER"\nlanding_page = "{ad["page"]}"'
                + (f"\nend = {end}" if end else "")
                + (f'\nexpired_landing_page = "{ad["expired_page"]}"' if ad["expired_page"] else "")
            )
        for p in self.partners:
            properties = ", ".join(f'{{ id = {x["id"]}, name = "{x["name"]}" }}'
                                   for x in p["properties"])
            text.append(
                f'[[partner]]\nid = {p["id"]}\nname = "{p["name"]}"\n'
                f'state = "{"ACTIVE" if p["active"] else "INACTIVE"}"\n'
                + (f'group = "{p["group"]}"\n' if p["group"] else "")
                + (f'media_type = "{p["media_type"]}"\n' if p["media_type"] else "")
                + f"values = {json.dumps(p['values'], ensure_ascii=False)}\n"
                + (f'contact = "{p["contact"]}"\n' if p["contact"] else "")
                + (f'account = "{p["account"]}"\n' if p["account"] else "")
                + f"properties = [{properties}]"
            )
        text += [f'[[channel]]\nprogram = {CREDIT["id"]}\n{channel}' for channel in CHANNELS]
        text += [self._promo_code(code) for code in self.promo_codes]
        for c in self.contracts:
            text.append(
                f'[[contract]]\nprogram = {c["program"]}\npartner = {c["partner"]}\n'
                f'start = {c["start"]}\n' + (f'end = {c["end"]}\n' if c["end"] else "")
                + f'credit_group = "{c["credit_group"]}"\n'
                + f'referral_window = "{c["window_days"]}d"\n'
                "locking = { months = 24, days = 366 }\n"
                f"payouts = [{', '.join(self._payouts(c))}]"
            )
        return "\n\n".join(text) + "\n"

    @staticmethod
    def _promo_code(code):
        whose = f'channel = "{code["channel"]}"'
        if code["partner"]:
            whose = f'partner = {code["partner"]}\ncredit_policy = "{code["policy"]}"'
        return (
            f'[[promo_code]]\nprogram = {code["program"]}\ncode = "{code["code"]}"\n'
            f'type = "{code["type"]}"\n{whose}' + (f"\nend = {code['end']}" if code["end"] else "")
        )

    def _payouts(self, contract):
        key = ("program", "partner", "start_ms")

        def own(row, of):
            return all(row[name] == of[name] for name in key)

        def price(text):
            return f'rate = "{text}"' if text.endswith("%") else f'amount = "{text}"'

        for payout in self.payouts:
            if not own(payout, contract):
                continue
            kind = payout["event_type"]
            groups = [
                f'{{ name = "G{g["rank"]}", {price(g["price"])}, rules = [{{ variable = '
                f'"{g["variable"]}", operator = "{g["operator"]}", values = ["{g["value"]}"] }}] }}'
                for g in self.groups if own(g, payout) and g["event_type"] == kind
            ]
            limits = [
                f'{{ of = "{x["of"]}", {"count" if x["of"] == "ACTIONS" else "amount"} = '
                + (x["most"] if x["of"] == "ACTIONS" else f'"{x["most"]}"')
                + f', period = "{x["period"]}" }}'
                for x in self.limits if own(x, payout) and x["event_type"] == kind
            ]
            restrictions = ""
            if payout["restricted"]:
                restrictions = (
                    '[{ variable = "SHARED_ID", operator = "IS", values = ["'
                    f'{payout["restricted"]}"] }}]'
                )
            yield (
                f'{{ event_type = {kind}, level = "{payout["level"]}", {price(payout["price"])}, '
                f"restrictions = [{restrictions}], "
                f"groups = [{', '.join(groups)}], limits = [{', '.join(limits)}] }}"
            )
