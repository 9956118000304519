"""facos rescue against the static server, and what a million instances in its book take."""

import pathlib
import sys
import tempfile

import compare
import pipeline
import report
import servers

SERVICES, EACH, AT_ONCE = 10_000, 100, 500
# Book-keeping on, at least this share of a static answer's rate.
FLOOR, GOAL = 0.80, 0.90
MEMORY_MB = 400
ANSWER = b'"lightBeatEnabled":false}'


class Beats(compare.Workload):
    """Beats need nobody to be registered."""

    def prepare(self, address):
        pass


WORKLOADS = [
    Beats("full beat", "full-beat.lua", ["100", "10"], FLOOR, GOAL),
    Beats("light beat", "light-beat.lua", ["100", "10"], FLOOR, GOAL),
]


def run(binaries, rounds, seconds):
    """Both kinds of beats."""
    with tempfile.TemporaryDirectory() as folder, servers.Rescue(binaries[0]) as rescue:
        _, headers, body = servers.ask(rescue.address, "PUT", beat("warm", "10.0.0.1"))
        head = "".join(f"{key}: {value}\r\n" for key, value in headers)
        pathlib.Path(folder, "beat").write_bytes(head.encode() + b"\r\n" + body)
        with servers.Static(binaries[1], folder) as static:
            return [compare.measure(each, static, rescue, rounds, seconds) for each in WORKLOADS]


def beat(service, ip):
    return (
        f"/nacos/v1/ns/instance/beat?app=unknown&serviceName=DEFAULT_GROUP%40%40perf.{service}"
        f"&namespaceId=public&port=8080&clusterName=DEFAULT&ip={ip}"
    )


def memory(binary):
    """The memory of a rescue that has seen a million instances."""
    with servers.Rescue(binary) as rescue:
        results = [measure("start to the first answer", rescue.ready_ms, "ms", 100)]
        for first in range(0, SERVICES, AT_ONCE):
            requests = [
                request(beat(f"b-{n:05d}", f"10.{n // 250}.{n % 250}.{k + 1}"))
                for n in range(first, first + AT_ONCE)
                for k in range(EACH)
            ]
            pipeline.send_all(rescue.address, requests, 64, ANSWER)
        what = f"RSS with {SERVICES * EACH:,} instances"
        results.append(measure(what, rescue.memory_mb(), "MB", MEMORY_MB))
    return results


def measure(what, value, unit, limit):
    print(f"{what}: {value:.1f} {unit}", file=sys.stderr, flush=True)
    mark = report.mark_limit(value, limit)
    return {"what": what, "value": value, "unit": unit, "limit": limit, "mark": mark}


def request(path):
    head = f"PUT {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: Nacos-Java-Client:v1.2.1\r\n"
    return (head + "Content-Length: 0\r\n\r\n").encode()
