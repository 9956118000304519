"""facos against a static server: the same requests, the same bytes back, in alternating rounds."""

import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import pipeline
import report
import servers

WRK = servers.HERE / "wrk"


@dataclasses.dataclass
class Workload:
    """One kind of request and what it may cost, as a share of the static server's rate."""

    name: str
    script: str
    arguments: list
    floor: float
    goal: float

    def prepare(self, address):
        """Registers anew what the workload needs, since nothing beats between rounds."""
        if self.script == "list.lua":
            hosts = int(self.arguments[0])
            pipeline.register_list(address, f"list-{hosts}", hosts)
        elif self.script != "register.lua":
            pipeline.register(address, "beat", *map(int, self.arguments))


WORKLOADS = [
    Workload("full beat", "full-beat.lua", ["100", "10"], 0.75, 0.85),
    Workload("light beat", "light-beat.lua", ["100", "10"], 0.80, 0.90),
    Workload("list of 1", "list.lua", ["1"], 0.80, 0.95),
    Workload("list of 10", "list.lua", ["10"], 0.80, 0.95),
    Workload("list of 100", "list.lua", ["100"], 0.75, 0.95),
    Workload("register", "register.lua", ["400", "10"], 0.55, 0.70),
]


def load(server, script, arguments, seconds):
    """One run of wrk: its result with the server's processor time for each request."""
    cpu_s = server.cpu_s()
    command = ["wrk", "-t2", "-c64", f"-d{seconds}s", "-s", str(WRK / script)]
    command += [f"http://{server.address}", "--", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise SystemExit(f"wrk did not finish:\n{done.stdout}\n{done.stderr}")
    result = json.loads(line.removeprefix("RESULT "))
    if result["failed"]:
        raise SystemExit(f"{script}: {result['failed']} of {result['requests']} requests failed")
    result["per_s"] = result["requests"] / result["duration_us"] * 1e6
    result["cpu_us"] = (server.cpu_s() - cpu_s) / result["requests"] * 1e6
    return result


def record_answers(facos, folder):
    """What facos answers, written down for the static server."""
    query = "namespaceId=public&clusterName=DEFAULT&ip=10.0.0.1&port=8080"
    asked = {
        "register": ("POST", f"instance?serviceName={pipeline.service('beat', 0)}&{query}"),
        "beat": ("PUT", f"instance/beat?serviceName={pipeline.service('beat', 0)}&{query}"),
    }
    for hosts in (1, 10, 100):
        pipeline.register_list(facos.address, f"list-{hosts}", hosts)
        path = f"instance/list?serviceName=DEFAULT_GROUP%40%40perf.list-{hosts}"
        asked[f"list-{hosts}"] = ("GET", path)
    for name, (method, path) in asked.items():
        status, headers, body = servers.ask(facos.address, method, "/nacos/v1/ns/" + path)
        if status != 200:
            raise SystemExit(f"{method} {path}: {status} {body!r}")
        if name.startswith("list-") and body.count(b'"instanceId"') != int(name[5:]):
            raise SystemExit(f"{path} does not list its hosts: {body!r}")
        head = "".join(f"{key}: {value}\r\n" for key, value in headers)
        pathlib.Path(folder, name).write_bytes(head.encode() + b"\r\n" + body)


def measure(workload, static, facos, rounds, seconds):
    """Alternating rounds of one workload; the ratio is taken within each round."""
    for server in (static, facos):
        workload.prepare(server.address) if server is facos else None
        load(server, workload.script, workload.arguments, 1)
    pairs = []
    for number in range(rounds):
        still = load(static, workload.script, workload.arguments, seconds)
        workload.prepare(facos.address)
        ours = load(facos, workload.script, workload.arguments, seconds)
        pairs.append((still, ours))
        progress = f"{workload.name} {number + 1}/{rounds}: {ours['per_s'] / still['per_s']:.2f}"
        print(f"{facos.profile} {progress}", file=sys.stderr, flush=True)
    ratios = [ours["per_s"] / still["per_s"] for still, ours in pairs]
    result = {"profile": facos.profile, "workload": workload.name}
    for side, name in ((0, "static"), (1, "facos")):
        for key in ("per_s", "cpu_us", "p50_us", "p99_us", "max_us"):
            result[f"{name}_{key}"] = statistics.median(pair[side][key] for pair in pairs)
    ratio = statistics.median(ratios)
    return result | {
        "ratio": ratio,
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "floor": workload.floor,
        "goal": workload.goal,
        "facos_rss_mb": facos.memory_mb(),
        "mark": report.mark(ratio, workload.floor, workload.goal),
    }


def run(binaries, profiles, workloads, rounds, seconds):
    """Every workload on every profile."""
    results = []
    for profile in profiles:
        with tempfile.TemporaryDirectory() as folder, servers.Facos(binaries[0], profile) as facos:
            record_answers(facos, folder)
            with servers.Static(binaries[1], folder) as static:
                for workload in workloads:
                    results.append(measure(workload, static, facos, rounds, seconds))
    return results
