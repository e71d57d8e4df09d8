"""What a query asks for beside programs and days: fewest clicks, one ad, earlier days, columns.

Each option makes SQL around that of a report, by the columns that the report has; one that none of
its columns can take is not sent.
"""

# Parameters that leave rows out, with the column that they ask and how.
ROWS = {
    "MinClicks": ("Clicks", ">="), "MinActions": ("Actions", ">="), "AdId": ("AdId", "="),
    "ActionTrackerId": ("ActionTrackerId", "="), "SharedId": ("SharedId", "="),
    "MediaPropertyId": ("MediaPropertyId", "="), "ReferringDomain": ("ReferringDomain", "="),
}
RATIOS = {"ConversionRate", "EPC", "AOV", "ROAS", "CPC", "TimeToConvert"}
STRETCHES = {"Day", "Week", "Month"}
NOT_APART = STRETCHES | {"MediaId", "Partner", "Group", "CampaignId", "Campaign", "Advertiser"}
# What the catalogue says of the row's partner, and the columns that show it.
OF_PARTNER = "coalesce((SELECT any_value({}) FROM partner WHERE id::VARCHAR = MediaId), '')"
SHOWN = {
    "SHOW_PARTNER_GROUP": {"PartnerGroup": '"group"'},
    "SHOW_PARTNER_VALUES": {f"PartnerValue{nth}": f'"values"[{nth}]' for nth in (1, 2, 3)},
    "SHOW_COMPANY_URL": {"CompanyURL": "properties[1].name"},
    "SHOW_MEDIA_TYPE": {"MediaType": "media_type"},
}
# Says something of the row's days, so it names no row.
DETAILS = {"ReferringPages"}


class Options:
    """The options of one question that a report with these columns takes."""

    def __init__(self, columns, types, options):
        self.columns = columns
        self.is_listing = "ClickId" in columns
        self.figures = columns[first_figure(columns, types):]
        # Performance that is told apart by nothing but programs, partners and days.
        self.is_hourly = (self.figures[:1] == ["RawClicks"]
                          and set(columns) - set(self.figures) <= NOT_APART)
        self.numbers = {name for name, kind in zip(columns, types, strict=True)
                        if kind not in ("VARCHAR", "DATE")}
        self.sent = {name: value for name, value in options.items() if self._takes(name)}

    def _takes(self, name):
        if name in ROWS:
            return ROWS[name][0] in self.columns and not (self.is_listing and name[:3] == "Min")
        if name == "TimeZone":
            return self.is_listing or self.is_hourly
        if name == "PartnerGroup":
            return bool({"MediaId", "Group"} & set(self.columns)) and not self.is_listing
        if self.is_listing or "RiskLevel" in self.columns:
            return False
        if name == "Compare":
            return not STRETCHES & set(self.columns)
        if name == "SHOW_EVENT_TYPES":
            return self.columns[:3] == ["MediaId", "Partner", "RawClicks"]
        return "MediaId" in self.columns

    def earlier_days(self):
        """First and last of the days that are compared, in SQL."""
        return {
            "PREVIOUS_PERIOD": (
                "getvariable('first') - (getvariable('last') - getvariable('first') + 1)::INT",
                "getvariable('first') - 1",
            ),
            "PREVIOUS_YEAR": (
                "(getvariable('first') - INTERVAL 1 YEAR)::DATE",
                "(getvariable('last') - INTERVAL 1 YEAR)::DATE",
            ),
        }.get(self.sent.get("Compare"))

    def sql(self, event_types):
        """The rows with all that is asked for, of the tables `here` and `earlier`."""
        shown = [f"{self._now(name)} AS {quoted(name)}" for name in self.columns]
        shown += [f"{OF_PARTNER.format(what)} AS {name}"
                  for show, columns in SHOWN.items() if show in self.sent
                  for name, what in columns.items()]
        if "SHOW_EVENT_TYPES" in self.sent:
            shown += self._of_types(event_types)
        compared = "Compare" in self.sent
        if compared:
            for name in self.figures:
                now, before = self._now(name), self._figure("b", name)
                shown.append(f"{before} AS {quoted(name + 'Previous')}")
                shown.append(f"{'NULL' if name == 'LastClick' else f'changed({now}, {before})'} "
                             f"AS {quoted(name + 'Change')}")
        keys = [name for name in self.columns if name not in self.figures and name not in DETAILS]
        keys = ", ".join(map(quoted, keys))
        joined = f"FULL JOIN earlier AS b USING ({keys})" if compared else ""
        kept = [f"{self._now(ROWS[name][0])} {ROWS[name][1]} {literal(value)}"
                for name, value in self.sent.items() if name in ROWS]
        if "PartnerGroup" in self.sent:
            group = '"Group"' if "Group" in self.columns else OF_PARTNER.format('"group"')
            kept.append(f"{group} = {literal(self.sent['PartnerGroup'])}")
        where = f"WHERE {' AND '.join(kept)}" if kept else ""
        return f"SELECT {', '.join(shown)} FROM here AS n {joined} {where}"

    def _now(self, name):
        if name in self.figures:
            return self._figure("n", name)
        if name in DETAILS and "Compare" in self.sent:
            return f"coalesce(n.{quoted(name)}, '')"
        return quoted(name)

    def _figure(self, side, name):
        """A figure of a row that may be there on the other side alone."""
        figure = f"{side}.{quoted(name)}"
        if "Compare" not in self.sent or name in RATIOS or name == "LastClick":
            return figure
        return f"coalesce({figure}, {'0' if name in self.numbers else 'money(0)'})"

    @staticmethod
    def _of_types(event_types):
        """Actions and cost of each event type but that of clicks; names that are there twice have
        their numbers behind them."""
        names = [name for _, name in event_types]
        for number, name in event_types:
            told = f"{name} ({number})" if names.count(name) > 1 else name
            own = (f"FROM asked AS o WHERE o.event_type = {number} "
                   "AND o.partner::VARCHAR = MediaId")
            yield f"coalesce((SELECT sum(o.actions) {own}), 0) AS {quoted(f'Actions – {told}')}"
            yield (f"money(coalesce((SELECT sum(o.cost) {own}), 0)) AS "
                   f"{quoted(f'Action Cost – {told}')}")


def first_figure(columns, types):
    """Where the figures begin: the first of each report is a count."""
    places = [at for at, kind in enumerate(types) if kind not in ("VARCHAR", "DATE")]
    return places[0] if places else len(columns)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
