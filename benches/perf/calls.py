"""gRPC: facos against a tonic server of constants, its idle connections, and one change to many.

Calls are made by clients that introduce themselves, which h2load can not; what a server answers to
anybody (ServerCheckRequest) is asked by h2load, if it is there.
"""

import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

import h2load
import report
import servers

FLOOR, GOAL = 0.75, 0.9
CONNECTIONS = 16
IDLE_CONNECTIONS, IDLE_MB, IDLE_PERCENT = 10_000, 200, 2.0
SUBSCRIBERS, PUSH_ROUNDS, PUSH_MS = 5_000, 3, 1_000
# Sockets of one side, and room for what else a process has open.
SPARE_FILES = 100


def build():
    """The load generator and the constant server, in release."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", servers.ROOT / "target")).resolve()
    build = ["cargo", "build", "--release", "--locked", "--target-dir", str(target / "perf")]
    subprocess.run(build, cwd=servers.HERE / "grpc", check=True)
    return target / "perf" / "release"


class Constant(servers.Process):
    """The tonic server that answers constants."""

    profile = "static"

    def __init__(self, folder):
        super().__init__([str(folder / "grpc-static")])
        self.grpc = f"127.0.0.1:{int(self.ready_line)}"


def grpc_of(facos):
    """Where gRPC is served."""
    return json.loads(facos.ready_line)["nodes"][0]["grpc"]


def run(facos_binary, folder, rounds, seconds):
    """Every comparison, and every limit."""
    with servers.Facos(facos_binary) as facos, Constant(folder) as static:
        facos.grpc = grpc_of(facos)
        ratios = [
            compare(name, load, static, facos, rounds, seconds)
            for name, load in loads(folder)
        ]
    limits = idle(facos_binary, folder, seconds) + pushes(facos_binary, folder)
    return ratios, limits


def loads(folder):
    """Names, and functions of server and seconds that give a run's result."""
    for what, name in (("register", "InstanceRequest"), ("query", "ServiceQuery")):
        yield name, lambda server, seconds, what=what: call(folder, server, what, seconds)
    if shutil.which("h2load"):
        yield "ServerCheck (h2load)", check
    else:
        print("h2load is missing: apt-get install nghttp2-client", file=sys.stderr)


def call(folder, server, what, seconds):
    """One call after the other on each connection."""
    command = [str(folder / "grpc-load"), server.grpc, what, str(CONNECTIONS), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode:
        raise SystemExit(f"{what} failed: {done.stderr}")
    return json.loads(done.stdout)


def check(server, seconds):
    """The same by h2load, which counts no percentiles: its mean and its longest stand for them."""
    return h2load.run(server.grpc, "ServerCheckRequest", "{}", CONNECTIONS, seconds)


def compare(name, load, static, facos, rounds, seconds):
    """Alternating rounds; the ratio is taken within each."""
    pairs = []
    for server in (static, facos):
        load(server, 1)
    for number in range(rounds):
        pair = []
        for server in (static, facos):
            cpu_s = server.cpu_s()
            result = load(server, seconds)
            result["per_s"] = result["requests"] / result["duration_us"] * 1e6
            result["cpu_us"] = (server.cpu_s() - cpu_s) / result["requests"] * 1e6
            pair.append(result)
        pairs.append(pair)
        ratio = pair[1]["per_s"] / pair[0]["per_s"]
        print(f"{name} {number + 1}/{rounds}: {ratio:.2f}", file=sys.stderr, flush=True)
    ratios = [ours["per_s"] / still["per_s"] for still, ours in pairs]
    result = {"profile": facos.profile, "workload": name}
    for side, owner in ((0, "static"), (1, "facos")):
        for key in ("per_s", "cpu_us", "p50_us", "p99_us", "max_us"):
            result[f"{owner}_{key}"] = statistics.median(pair[side][key] for pair in pairs)
    ratio = statistics.median(ratios)
    return result | {
        "ratio": ratio, "ratio_min": min(ratios), "ratio_max": max(ratios), "floor": FLOOR,
        "goal": GOAL, "facos_rss_mb": facos.memory_mb(), "mark": report.mark(ratio, FLOOR, GOAL),
    }


def possible(wanted):
    """As many connections as a process here may have open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, hard - SPARE_FILES)


def limit(what, value, unit, most):
    print(f"{what}: {value:.1f} {unit}", file=sys.stderr, flush=True)
    mark = report.mark_limit(value, most)
    return {"what": what, "value": value, "unit": unit, "limit": most, "mark": mark}


def idle(facos_binary, folder, seconds):
    """What clients cost that do nothing but live."""
    count, watched_s = possible(IDLE_CONNECTIONS), max(seconds, 2) * 3
    with servers.Facos(facos_binary) as facos:
        command = [str(folder / "grpc-load"), grpc_of(facos), "idle", str(count)]
        command.append(str(watched_s + 2))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
            json.loads(clients.stdout.readline())
            time.sleep(1)
            cpu_s = facos.cpu_s()
            time.sleep(watched_s)
            percent = (facos.cpu_s() - cpu_s) / watched_s * 100
            memory_mb = facos.memory_mb()
            ended = json.loads(clients.stdout.readline())["ended"]
    # Fewer connections than wanted may cost only their share.
    most_mb = IDLE_MB * count / IDLE_CONNECTIONS
    return [
        limit(f"RSS with {count:,} idle connections", memory_mb, "MB", most_mb),
        limit(f"processor with {count:,} idle connections", percent, "%", IDLE_PERCENT),
        limit("idle connections that ended", ended, "", 0),
    ]


def pushes(facos_binary, folder):
    """From one change to the last of its subscribers."""
    count = possible(SUBSCRIBERS)
    with servers.Facos(facos_binary) as facos:
        command = [str(folder / "grpc-load"), grpc_of(facos), "push", str(count), str(PUSH_ROUNDS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise SystemExit(f"pushes failed: {done.stderr}")
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    slowest_ms = max(told["last_ms"] for told in rounds)
    lost = sum(told["subscribers"] - told["told"] for told in rounds)
    return [
        limit(f"one change to {count:,} subscribers, the last", slowest_ms, "ms", PUSH_MS),
        limit("pushes lost", lost, "", 0),
    ]
