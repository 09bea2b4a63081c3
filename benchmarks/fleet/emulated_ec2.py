"""As much of EC2 as stopping instances needs, with its latency and its limits, in a process of its own.

The simulator that the tests use answers correctly and slowly: ten thousand instances would measure it and nothing else.
This one knows three actions, keeps a state per instance, and is quick enough for its latency to be the one it is told.
The account stands in the path (`http://127.0.0.1:PORT/111111111111/`), the region in the signature.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from benchmarks.fleet.token_bucket import CHANGES, INSTANCES, READS, WHOLE_READS, TokenBucket

_SIGNED_FOR = re.compile(rb"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_LARGEST_PAGE = 1000
_CODES = {"running": 16, "stopped": 80}
Place = tuple[str, str]


class EmulatedEc2:
    """Every account and region, filled when first asked for."""

    def __init__(self, *, instances: int, latency: float) -> None:
        self._instances = instances
        self._latency = latency
        self.reset()

    def reset(self) -> None:
        """Let everything run again, with full buckets and no figures."""
        self._states: dict[Place, dict[str, str]] = {}
        self._buckets: dict[tuple[Place, str, str], TokenBucket] = {}
        self._calls: Counter[str] = Counter()
        self._throttled: Counter[str] = Counter()
        self._stopped = 0
        self._first_call_at: float | None = None
        self._last_stop_at: float | None = None

    def figures(self) -> dict[str, object]:
        """Return what has happened since the last reset; instants are seconds of this machine's clock."""
        return {
            "calls": dict(self._calls),
            "throttled": dict(self._throttled),
            "stopped": self._stopped,
            "first_call_at": self._first_call_at,
            "last_stop_at": self._last_stop_at,
        }

    async def answer(self, place: Place, form: dict[str, list[str]]) -> tuple[int, str]:
        """Answer one request to the query interface."""
        action = form["Action"][0]
        now = time.time()
        if self._first_call_at is None:
            self._first_call_at = now
        self._calls[action] += 1
        ids = [form[key][0] for key in form if key.startswith("InstanceId.")]
        await asyncio.sleep(self._latency)
        if not self._may(place, action, form, ids):
            self._throttled[action] += 1
            return 503, _error("RequestLimitExceeded", "Request limit exceeded.")
        if action == "DescribeInstances":
            return self._describe(place, form, ids)
        if action in ("StopInstances", "StartInstances"):
            return self._change(place, action, ids)
        return 400, _error("InvalidAction", f"The action {escape(action)} is not emulated.")

    def _may(self, place: Place, action: str, form: dict[str, list[str]], ids: list[str]) -> bool:
        if action == "DescribeInstances":
            is_whole = not ids and "MaxResults" not in form and not any(key.startswith("Filter.") for key in form)
            return self._bucket(place, action, "requests").take(1, now=time.time()) and (
                not is_whole or self._bucket(place, action, "whole").take(1, now=time.time())
            )
        if not self._bucket(place, action, "requests").take(1, now=time.time()):
            return False
        return action not in INSTANCES or self._bucket(place, action, "instances").take(len(ids), now=time.time())

    def _bucket(self, place: Place, action: str, what: str) -> TokenBucket:
        key = (place, action, what)
        if key not in self._buckets:
            limit = CHANGES
            if action == "DescribeInstances":
                limit = WHOLE_READS if what == "whole" else READS
            if what == "instances":
                limit = INSTANCES[action]
            self._buckets[key] = TokenBucket(limit, now=time.time())
        return self._buckets[key]

    def _of(self, place: Place) -> dict[str, str]:
        if place not in self._states:
            mark = f"{place[0][-4:]}{sum(map(ord, place[1])):04}"
            self._states[place] = {f"i-{mark}{number:09}": "running" for number in range(self._instances)}
        return self._states[place]

    def _describe(self, place: Place, form: dict[str, list[str]], ids: list[str]) -> tuple[int, str]:
        states = self._of(place)
        missing = [each for each in ids if each not in states]
        if missing:
            return 400, _error("InvalidInstanceID.NotFound", f"The instance ID '{escape(missing[0])}' does not exist")
        wanted = ids or list(states)
        start = int(form.get("NextToken", ["0"])[0])
        size = min(int(form.get("MaxResults", [str(_LARGEST_PAGE)])[0]), _LARGEST_PAGE)
        page = wanted[start : start + size]
        more = f"<nextToken>{start + size}</nextToken>" if start + size < len(wanted) else ""
        items = "".join(_instance(instance_id, states[instance_id], region=place[1]) for instance_id in page)
        body = f"<reservationSet><item><instancesSet>{items}</instancesSet></item></reservationSet>{more}"
        return 200, _response("DescribeInstances", body)

    def _change(self, place: Place, action: str, ids: list[str]) -> tuple[int, str]:
        states = self._of(place)
        after = "stopped" if action == "StopInstances" else "running"
        items = []
        for instance_id in ids:
            before = states[instance_id]
            states[instance_id] = after
            if after == "stopped" and before != after:
                self._stopped += 1
                self._last_stop_at = time.time()
            items.append(
                f"<item><instanceId>{instance_id}</instanceId>"
                f"<currentState><code>{_CODES[after]}</code><name>{after}</name></currentState>"
                f"<previousState><code>{_CODES[before]}</code><name>{before}</name></previousState></item>"
            )
        return 200, _response(action, f"<instancesSet>{''.join(items)}</instancesSet>")


def _instance(instance_id: str, state: str, *, region: str) -> str:
    return (
        f"<item><instanceId>{instance_id}</instanceId><imageId>ami-00000000</imageId>"
        f"<instanceState><code>{_CODES[state]}</code><name>{state}</name></instanceState>"
        "<instanceType>t3.small</instanceType><launchTime>2026-01-02T03:04:05.000Z</launchTime>"
        f"<placement><availabilityZone>{region}a</availabilityZone><tenancy>default</tenancy></placement>"
        "<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>"
        "<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-0</volumeId>"
        "<status>attached</status></ebs></item></blockDeviceMapping>"
        "<hibernationOptions><configured>false</configured></hibernationOptions>"
        "<tagSet><item><key>env</key><value>dev</value></item></tagSet></item>"
    )


def _response(action: str, body: str) -> str:
    return (
        f'{_HEAD}<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>0</requestId>{body}</{action}Response>"
    )


def _error(code: str, message: str) -> str:
    return (
        f"{_HEAD}<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>0</RequestID></Response>"
    )


async def _converse(ec2: EmulatedEc2, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests on one connection until it is closed."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            request, _, headers = head.partition(b"\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", headers)
            body = await reader.readexactly(int(length[1])) if length else b""
            path = request.split()[1].decode()
            if path == "/figures":
                status, text = 200, json.dumps(ec2.figures())
            elif path == "/reset":
                ec2.reset()
                status, text = 200, "{}"
            else:
                region = _SIGNED_FOR.search(headers)
                place = (path.strip("/"), region[1].decode() if region else "us-east-1")
                status, text = await ec2.answer(place, parse_qs(body.decode()))
            content = text.encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {len(content)}\r\n\r\n".encode()
                + content
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _serve(*, instances: int, latency: float) -> None:
    """Serve until standard input ends."""
    ec2 = EmulatedEc2(instances=instances, latency=latency)
    server = await asyncio.start_server(lambda r, w: _converse(ec2, r, w), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(instances=int(sys.argv[1]), latency=float(sys.argv[2])))
