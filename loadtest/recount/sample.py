"""The public sample of clicks with its own times: its catalogue, and the files to import."""

import csv
import subprocess
from pathlib import Path

from journeys import write_tables

FIRST, LAST = "2017-11-05", "2017-11-10"
PROGRAM = {
    "id": 7, "brand": "LOADTEST", "brand_name": "Load test", "name": "Installs",
    "zone": "UTC", "currency": "USD", "decimals": 2, "window_ms": 1_800_000, "rolling": True,
    "pays_expired": True, "risk": "RELAXED", "deep": False,
}
START_MS = 1_451_606_400_000  # 2016-01-01
WINDOW_DAYS = 30


def write(convert: Path, sample: Path, folder: Path):
    """Catalogue and files; what `loadtest convert` said."""
    said = subprocess.run(
        [convert, "convert", sample, "--out", folder / "clicks.csv", "--conversions",
         folder / "orders.csv"], check=True, capture_output=True, text=True,
    ).stdout
    with (folder / "clicks.csv").open(newline="") as file:
        rows = [(row["MediaId"], row["AdId"], row["UserAgent"]) for row in csv.DictReader(file)]
    partners, ads, agents = (sorted(set(column)) for column in zip(*rows, strict=True))
    program = PROGRAM["id"]
    key = {"program": program, "start_ms": START_MS}
    terms = {
        "program": [PROGRAM],
        "event_type": [{"id": 3, "program": program, "name": "Install",
                        "category": "INSTALL", "first_click": False, "pays_all": True}],
        "promo_code": [],
        "ad": [{"program": program, "id": int(ad), "name": f"App {ad}", "end_ms": None,
                "page": f"https://www.brand.example/app/{ad}", "expired_page": None}
               for ad in ads],
        "partner": [{"id": int(partner), "name": f"Channel {partner}", "active": True,
                     "group": "", "media_type": "", "values": [], "contact": "",
                     "properties": []} for partner in partners],
        "contract": [{**key, "partner": int(partner), "end_ms": None, "credit_group": "PREFERRED",
                      "window_ms": WINDOW_DAYS * 86_400_000} for partner in partners],
        "payout": [{**key, "partner": int(partner), "event_type": 3, "level": "ORDER",
                    "price": "1.25", "restricted": None} for partner in partners],
        "payout_group": [], "payout_limit": [],
        # All of them are Chrome on an Android phone.
        "agent": [{"agent": agent, "device": "PHONE", "browser": "Chrome", "os": "Android",
                   "robot": False, "is_browser": True, "recent": True, "other_engine": False}
                  for agent in agents],
    }
    write_tables(folder, terms)
    (folder / "catalog.toml").write_text(catalog(terms))
    return said.strip()


def catalog(terms):
    text = [
        'version = 0\n[[brand]]\nsid = "LOADTEST"\nname = "Load test"',
        f'[[program]]\nid = {PROGRAM["id"]}\nbrand = "LOADTEST"\nname = "Installs"\n'
        'time_zone = "UTC"\ncurrency = "USD"\nlanding_page = "https://www.brand.example/"\n'
        'unique_click_window = "30m"\nunique_click_type = "ROLLING"',
        f'[[event_type]]\nprogram = {PROGRAM["id"]}\nid = 3\nname = "Install"\n'
        'category = "INSTALL"',
    ]
    for ad in terms["ad"]:
        text.append(
            f'[[ad]]\nprogram = {ad["program"]}\nid = {ad["id"]}\nname = "{ad["name"]}"\n'
            f'type = "TEXT_LINK"\nlanding_page = "{ad["page"]}"'
        )
    for partner in terms["partner"]:
        text.append(
            f'[[partner]]\nid = {partner["id"]}\nname = "{partner["name"]}"\n\n'
            f'[[contract]]\nprogram = {PROGRAM["id"]}\npartner = {partner["id"]}\n'
            f'start = 2016-01-01\nreferral_window = "{WINDOW_DAYS}d"\n'
            'payouts = [{ event_type = 3, amount = "1.25" }]'
        )
    return "\n\n".join(text) + "\n"
