"""A daemon of its own in one folder, on loopback, and what is sent to it."""

import base64
import csv
import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

EPOCH_2020 = 1_577_836_800_000
RECEIVED_COLUMNS = "at program stream outcome".split()
# What flows in by the API, by the method that says it.
STREAMS = {"POST": "Conversions", "PUT": "Modifications", "DELETE": "Modifications"}


class Daemon:
    def __init__(self, clickd: Path, folder: Path):
        self.clickd, self.folder, self.tokens, self.sides = clickd, folder, {}, {}
        self.received = []
        with socket.socket() as a, socket.socket() as b, socket.socket() as c:
            held = (a, b, c)
            for one in held:
                one.bind(("127.0.0.1", 0))
            self.public, self.api, self.ops = (one.getsockname()[1] for one in held)
        self.config = folder / "clickd.toml"
        self.config.write_text(
            f'[public]\nlisten = "127.0.0.1:{self.public}"\ntrusted_proxies = ["127.0.0.1/32"]\n'
            "requests_per_connection_max = 100000\n"
            f'[api]\nlisten = "127.0.0.1:{self.api}"\n[ops]\nlisten = "127.0.0.1:{self.ops}"\n'
            f'[control]\nsocket = "{folder}/control.sock"\n'
            f'[store]\ndirectory = "{folder}/store"\n'
        )
        self.log = (folder / "daemon.log").open("w")
        self.process = subprocess.Popen(
            [clickd, "serve", "--config", self.config], stdout=self.log, stderr=self.log
        )
        self._wait_ready()

    def _wait_ready(self):
        for _ in range(300):
            if self.process.poll() is not None:
                raise SystemExit(f"clickd ended: {(self.folder / 'daemon.log').read_text()}")
            try:
                if self.get(self.ops, "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("clickd was not ready within 30 s")

    def stop(self):
        """Ends the process that was started here, and no other."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def verb(self, *words, may_fail=False):
        done = subprocess.run(
            [self.clickd, *words[:2], "--config", self.config, *words[2:]],
            capture_output=True, text=True, check=False,
        )
        if done.returncode and not may_fail:
            raise SystemExit(f"clickd {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout

    def bring(self, what, stream, path):
        """Imports a file."""
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                self.receive(int(row["CampaignId"]), stream)
        print(self.verb("import", what, path).strip())

    def receive(self, program, stream, outcome="Stored"):
        """Notes what is about to arrive."""
        self.received.append((int(time.time() * 1000), program, stream, outcome))

    def write(self, folder):
        """What arrived, for the recount."""
        with (folder / "received.csv").open("w", newline="") as file:
            csv.writer(file).writerows([RECEIVED_COLUMNS, *self.received])

    def key(self, brand):
        """Lets a brand in."""
        self.tokens[brand] = self.verb(
            "key", "create", "--brand", brand,
            "--scopes", "read-reports,write-conversions,modify-actions",
        ).split()[1]
        self.sides[brand] = "Advertisers"

    def partner_key(self, account):
        """Lets a partner in."""
        self.tokens[account] = self.verb("key", "create", "--partner", account).split()[1]
        self.sides[account] = "Mediapartners"

    @staticmethod
    def get(port, path, headers=None, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, sid, path, method="GET", fields=None, *, outcome="Stored", expected=200):
        """Asks the API of a brand or a partner; the JSON of the answer."""
        account = base64.b64encode(f"{sid}:{self.tokens[sid]}".encode()).decode()
        headers = {"Authorization": f"Basic {account}", "Accept": "application/json"}
        body = None
        if fields is not None:
            self.receive(fields["CampaignId"], STREAMS[method], outcome)
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = path if path.startswith("/") else f"/{self.sides[sid]}/{sid}/{path}"
        status, _, content = self.get(self.api, path, headers, method, body)
        if status != expected:
            raise SystemExit(f"{method} {path} {fields}: {status} {content.decode()}")
        # Amounts in lists are numbers, of which no digit may be lost.
        return json.loads(content, parse_float=str)

    def load(self, fields):
        """Says that somebody came to a page."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode(fields)
        self.receive(fields["CampaignId"], "Page loads")
        status, _, content = self.get(self.api, "/PageLoad", headers, "POST", body)
        if status != 200:
            raise SystemExit(f"PageLoad {fields}: {status} {content.decode()}")

    def click(self, path, headers, method="GET"):
        """Follows a link; the click id of the landing page."""
        self.receive(int(path.split("?")[0].split("/")[4]), "Clicks")
        status, answered, _ = self.get(self.public, path, headers, method)
        found = re.search(r"[?&]im_ref=([A-Za-z0-9_-]{43})", answered.get("location", ""))
        if status != 302 or not found:
            raise SystemExit(f"{path}: {status} {answered}")
        return found[1]

    def wait_folded(self):
        """Waits until what was sent before is in the reports."""
        sealed = self._metric("clickd_log_last_slot")
        for _ in range(3000):
            if self._metric("clickd_fold_watermark_slot") > sealed:
                return
            time.sleep(0.1)
        raise SystemExit("the fold did not get there within 5 minutes")

    def _metric(self, name):
        text = self.get(self.ops, "/metrics")[2].decode()
        found = re.search(rf"^{name} (\d+)", text, re.M)
        return int(found[1]) if found else -1

    def rows(self, sid, report, query):
        """All rows of a report, page after page."""
        path, rows = f"Reports/{report}?{urllib.parse.urlencode(query)}", []
        while path:
            answer = self.ask(sid, path)
            rows += answer["Records"]
            path = answer.get("@nextpageuri") or ""
        return rows


def number_of(click_id):
    """Number and time of a click, as its click id says."""
    number = int.from_bytes(base64.urlsafe_b64decode(click_id + "=")[:8], "big")
    return number, EPOCH_2020 + (number >> 22)
