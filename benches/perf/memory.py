"""What a hundred thousand instances cost: memory, expiry, the waits of others, and beats."""

import gc
import http.client
import statistics
import sys
import time

import compare
import pipeline
import report
import servers

SERVICES, EACH = 1000, 100


def run(binaries, profiles, seconds):
    """Every measure on every profile."""
    results = []
    for profile in profiles:
        add = Results(results, profile)
        start(binaries[0], profile, add)
        expire_at_once(binaries[0], profile, add)
        beats(binaries[0], profile, seconds, add)
        wait_of_others(binaries[0], profile, add)
    return results


class Results:
    """Collects measures and says them while the rest is still measured."""

    def __init__(self, results, profile):
        self.results, self.profile = results, profile or "default"

    def __call__(self, what, value, unit, limit=None):
        result = {"what": f"{self.profile} {what}", "value": value, "unit": unit, "mark": ""}
        if limit is not None:
            result |= {"limit": limit, "mark": report.mark_limit(value, limit)}
        print(f"{result['what']}: {value:.1f} {unit}", file=sys.stderr, flush=True)
        self.results.append(result)


def start(binary, profile, add):
    """From the start of the process to its ready line."""
    times = []
    for _ in range(9):
        with servers.Facos(binary, profile) as facos:
            times.append(facos.ready_ms)
            idle_mb = facos.memory_mb()
    add("start to ready, median of 9", statistics.median(times), "ms", 50)
    add("start to ready, slowest of 9", max(times), "ms")
    add("RSS when idle", idle_mb, "MB")


def expire_at_once(binary, profile, add):
    """Registration and the memory after it, then one advance of the clock that expires them."""
    with servers.Facos(binary, profile, "manual") as facos:
        began = time.perf_counter()
        pipeline.register(facos.address, "beat", SERVICES, EACH)
        add("100,000 registrations", (time.perf_counter() - began) * 1000, "ms")
        add("RSS with 100,000 instances", facos.memory_mb(), "MB", 120)
        want_hosts(facos, EACH)
        began = time.perf_counter()
        status, _, body = servers.ask(facos.admin, "POST", "/__admin/clock/advance?ms=60000")
        elapsed_ms = (time.perf_counter() - began) * 1000
        if status != 200:
            raise SystemExit(f"clock/advance: {status} {body!r}")
        want_hosts(facos, 0)
        add("one advance that expires 100,000", elapsed_ms, "ms", 1000)
        add("RSS after that", facos.memory_mb(), "MB")


def want_hosts(facos, expected):
    """The first and the last service have so many hosts, or the measure means nothing."""
    for n in (0, SERVICES - 1):
        path = f"/nacos/v1/ns/instance/list?serviceName={pipeline.service('beat', n)}"
        _, _, body = servers.ask(facos.address, "GET", path)
        if body.count(b'"instanceId"') != expected:
            raise SystemExit(f"{path}: not {expected} hosts: {body[:300]!r}")


def beats(binary, profile, seconds, add):
    """The processor time of a full beat among few and among many instances."""
    cost_us = {}
    for services, each in ((100, 10), (SERVICES, EACH)):
        with servers.Facos(binary, profile) as facos:
            pipeline.register(facos.address, "beat", services, each)
            arguments = [str(services), str(each)]
            result = compare.load(facos, "full-beat.lua", arguments, seconds)
            cost_us[services * each] = result["cpu_us"]
            count = f"{services * each:,}"
            add(f"full beats among {count}", result["per_s"], "/s")
            add(f"processor time of a beat among {count}", result["cpu_us"], "us")
    few, many = cost_us.values()
    add("a beat among 100,000 to one among 1,000", many / few, "times")


def wait_of_others(binary, profile, add):
    """The longest wait of one who asks all the time while 100,000 expire on the real clock."""
    with servers.Facos(binary, profile) as facos:
        pipeline.register(facos.address, "beat", SERVICES, EACH)
        pipeline.register_list(facos.address, "list-1", 1)
        waits = ask_for(facos.address, 45)
        want_hosts(facos, 0)
    longest, at_s = max(waits)
    add(f"longest wait while 100,000 expire (after {at_s:.0f} s)", longest, "ms", 50)
    sorted_waits = sorted(wait for wait, _ in waits)
    add("p99.9 of these waits", sorted_waits[len(sorted_waits) * 999 // 1000], "ms")
    add("requests in that time", len(waits), "")


def ask_for(address, seconds):
    """Asks for one list every millisecond; each wait in ms with when it was, in s."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    path = "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40perf.list-1"
    waits = []
    began = time.perf_counter()
    # A collection of the measuring process would look like a wait for the server.
    gc.disable()
    while (at_s := time.perf_counter() - began) < seconds:
        connection.request("GET", path)
        connection.getresponse().read()
        waits.append(((time.perf_counter() - began - at_s) * 1000, at_s))
        time.sleep(0.001)
    gc.enable()
    return waits
