"""A receiver of postbacks: checks every signature, and fails on request.

    pip install aiohttp==3.14.5
    python3 receiver.py --port 9100 --secret 1=HEX --secret 2=HEX [--ill]

HEX is what `clickd postback secret ID` prints. Each request gives a line: event, answer, whether
its signature verifies. With --ill the first two tries of an event are cut, answered 500 or 302, or
kept waiting. Ends by Ctrl-C or SIGTERM with a count; the exit code is 1 if a signature was wrong,
an event came with other bytes than before, or an event was never answered well.
"""

import argparse
import asyncio
import hashlib
import hmac
import random
import signal
import sys
import time

from aiohttp import web

SLOW_SECONDS = 12
FAILURES_MAX = 2
CLOCK_SKEW_SECONDS = 300


def is_signed(secret: str, header: str, content: bytes) -> bool:
    """Whether `header` is the signature of `content`, made a short while ago."""
    try:
        parts = dict(part.split("=", 1) for part in header.split(","))
        seconds, tag = int(parts["t"]), parts["v1"]
    except (ValueError, KeyError):
        return False
    signed = str(seconds).encode() + b"." + content
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    is_recent = abs(time.time() - seconds) < CLOCK_SKEW_SECONDS
    return is_recent and hmac.compare_digest(expected, tag)


class Receiver:
    def __init__(self, secrets: dict[str, str], is_ill: bool):
        self.secrets, self.is_ill = secrets, is_ill
        self.tries: dict[str, int] = {}
        self.content: dict[str, bytes] = {}
        self.accepted: set[str] = set()
        self.wrong = self.changed = self.requests = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        event = request.headers.get("X-Clickd-Event", "")
        destination = event.rpartition("-")[2]
        # The path as it was sent: a decoded one has another signature.
        content = body if request.method == "POST" else request.raw_path.encode()
        signature = request.headers.get("X-Signature", "")
        signed = is_signed(self.secrets.get(destination, ""), signature, content)
        self.requests += 1
        self.wrong += not signed
        self.changed += self.content.setdefault(event, content) != content
        tries = self.tries[event] = self.tries.get(event, 0) + 1
        fate = "200"
        if not signed:
            fate = "401"
        elif self.is_ill and tries <= FAILURES_MAX:
            fate = random.choice(["200", "500", "302", "cut", "slow"])
        print(event, fate, "signed" if signed else "WRONG SIGNATURE", flush=True)
        if fate == "cut":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if fate == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if fate == "200":
            self.accepted.add(event)
        status = 200 if fate == "slow" else int(fate)
        return web.Response(status=status, headers={"Location": "/"} if fate == "302" else {})

    def verdict(self) -> int:
        lost = set(self.tries) - self.accepted
        print(
            f"{len(self.tries)} events in {self.requests} requests, {len(self.accepted)} accepted, "
            f"{self.wrong} wrong signatures, {self.changed} with other bytes than before"
        )
        return int(bool(self.wrong or self.changed or lost))


async def main() -> int:
    parser = argparse.ArgumentParser(description="A receiver of postbacks.")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--secret", action="append", default=[], metavar="ID=HEX")
    parser.add_argument("--ill", action="store_true", help="fail at first in every way")
    asked = parser.parse_args()
    receiver = Receiver(dict(pair.split("=", 1) for pair in asked.secret), asked.ill)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", asked.port).start()
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await ended.wait()
    await runner.cleanup()
    return receiver.verdict()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
