"""The load generator against wrk and h2load, and its own punctuality.

The servers answer constants, so that nothing but the generators differs. wrk and h2load have two
threads and `facos bench` two workers; of gRPC, each connection has one call at a time, as clients
have. Everybody checks what they get, facos every answer. Requests per second are compared, and
processor time of the generator for each request.

Open loop is measured with a processor for the server and one for the generator, at half of what
they reach in a closed loop, beside a bare pacer that writes constants and reads answers away. On a
machine of its own, LATE_US is what matters. Where a hypervisor or a neighbour takes the processor
for milliseconds, nothing can be so punctual, and facos must be as punctual as the bare pacer is.
"""

import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

import calls
import compare
import h2load
import servers

FLOOR = 0.80
GOAL = 0.90
GRPC_FLOOR = 0.95
CPU_LIMIT = 1.15
# Of requests for which a connection was free: others wait for the server, the bare pacer does not.
LATE_US = 200
LATE_RATIO = 1.25
SHARES = ["p50", "p90", "p99", "p999", "max"]
CONNECTIONS = 64
OK = b"content-type: text/html;charset=UTF-8\r\n\r\nok"
BEAT = (
    b"content-type: application/json;charset=UTF-8\r\n\r\n"
    b'{"code":10200,"lightBeatEnabled":false,"clientBeatInterval":5000}'
)
LIST = b'content-type: application/json\r\n\r\n{"hosts":[],"lastRefTime":1}'
HTTP = ["--preset", "beat-only", "--keep"]
# As many instances as of beat-only.
GRPC = ["--agent", "java-2.0.2", "--preset", "register-storm"]
GRPC += ["--services", "100", "--instances", "10"]


def children_cpu_s():
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wrk(static, seconds):
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s"]
    command += [str(compare.WRK / "full-beat.lua"), f"http://{static.address}", "--", "100", "10"]
    before = children_cpu_s()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu_s = children_cpu_s() - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    per_s = result["requests"] / result["duration_us"] * 1e6
    return {"per_s": per_s, "cpu_us": cpu_s / result["requests"] * 1e6}


def h2load_registers(static, seconds):
    """The registration that java-2.0.2 sends, again and again."""
    instance = {
        "ip": "10.0.0.1", "port": 20000, "weight": 1.0, "healthy": True, "enabled": True,
        "ephemeral": True, "metadata": {}, "instanceHeartBeatInterval": 5000,
        "instanceHeartBeatTimeOut": 15000, "ipDeleteTimeout": 30000,
    }
    body = {
        "headers": {}, "namespace": "public", "serviceName": "facos.bench.00000007.0001",
        "groupName": "DEFAULT_GROUP", "type": "registerInstance", "instance": instance,
        "module": "naming",
    }
    text = json.dumps(body, separators=(",", ":"))
    before = children_cpu_s()
    result = h2load.run(static.grpc, "InstanceRequest", text, CONNECTIONS, seconds)
    cpu_s = children_cpu_s() - before
    return {
        "per_s": result["requests"] / result["duration_us"] * 1e6,
        "cpu_us": cpu_s / result["requests"] * 1e6,
    }


def facos(binary, target, seconds, *more, workers=2, core=None):
    command = [str(binary), "bench", "--target", f"http://{target}"]
    command += ["--connections", str(CONNECTIONS), "--workers", str(workers), "--warm-up", "0s"]
    command += ["--duration", f"{seconds}s", "-o", "json", *more]
    done = subprocess.run(servers.on_core(command, core), capture_output=True, text=True)
    if not done.stdout:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def closed(binary, target, seconds, operation, *more):
    result = facos(binary, target, seconds, *more)
    one = result["operations"][operation]
    if one["errors"]:
        raise SystemExit(f"{operation}: {one['failures']}")
    cpu_us = result["generator"]["cpu_us_per_request"]
    return {"per_s": one["rate_per_s"], "cpu_us": cpu_us}


def static_answers(folder):
    answers = {"register": OK, "beat": BEAT, "list": LIST}
    for name, answer in answers.items():
        pathlib.Path(folder, name).write_bytes(answer)


def run(binaries, grpc_tools, rounds, seconds):
    """Both closed loops, and the open one."""
    result = {"load_average": os.getloadavg()[0]}
    facos_binary = binaries[0]
    with tempfile.TemporaryDirectory() as folder:
        static_answers(folder)
        with servers.Static(binaries[1], folder) as static:
            ours = lambda time: closed(facos_binary, static.address, time, "beat", *HTTP)
            theirs = lambda time: wrk(static, time)
            result["http"] = compared("wrk", theirs, ours, rounds, seconds, FLOOR, GOAL)
        result["open"] = punctual(binaries, folder, rounds, seconds)
    if shutil.which("h2load"):
        with calls.Constant(grpc_tools) as static:
            # Clients find the port of gRPC 1000 above that of HTTP, which nobody needs here.
            host, port = static.grpc.split(":")
            target = f"{host}:{int(port) - 1000}"
            ours = lambda time: closed(facos_binary, target, time, "register", *GRPC)
            theirs = lambda time: h2load_registers(static, time)
            floors = GRPC_FLOOR, GRPC_FLOOR
            result["grpc"] = compared("h2load", theirs, ours, rounds, seconds, *floors)
    else:
        print("h2load is missing: apt-get install nghttp2-client", file=sys.stderr)
    parts = [result[name] for name in ("http", "open", "grpc") if name in result]
    return result | {"kept": all(part["kept"] for part in parts)}


def compared(name, theirs, ours, rounds, seconds, floor, goal):
    """Alternating rounds; ratios are taken within each."""
    ours(1)
    pairs = []
    for number in range(rounds):
        pair = theirs(seconds), ours(seconds)
        pairs.append(pair)
        ratio, cpu_ratio = (pair[1][key] / pair[0][key] for key in ("per_s", "cpu_us"))
        progress = f"{name} {number + 1}/{rounds}: {ratio:.2f} of its requests, "
        print(f"{progress}{cpu_ratio:.2f} of its cpu", file=sys.stderr, flush=True)
    medians = {
        f"{owner}_{key}": statistics.median(pair[side][key] for pair in pairs)
        for side, owner in ((0, name), (1, "facos")) for key in ("per_s", "cpu_us")
    }
    ratios = [ours["per_s"] / theirs["per_s"] for theirs, ours in pairs]
    cpu = [ours["cpu_us"] / theirs["cpu_us"] for theirs, ours in pairs]
    ratio, cpu_ratio = statistics.median(ratios), statistics.median(cpu)
    return medians | {
        "ratio": ratio, "ratio_min": min(ratios), "ratio_max": max(ratios),
        "cpu_ratio": cpu_ratio, "ratio_per_core": 1 / cpu_ratio, "floor": floor, "goal": goal,
        "kept": ratio >= floor and cpu_ratio <= CPU_LIMIT,
    }


def bare(binary, target, rate, seconds, how, core):
    """Lateness of the least that a generator can be, asleep or awake before planned instants."""
    command = [str(binary), target, str(CONNECTIONS), f"{rate:.0f}", str(seconds), how]
    done = subprocess.run(servers.on_core(command, core), capture_output=True, check=True)
    return json.loads(done.stdout)


def punctual(binaries, folder, rounds, seconds):
    """How late requests are sent at half of the closed loop's rate, asleep and awake."""
    facos_binary, static_binary = binaries
    bare_binary = static_binary.with_name("bare-pacer")
    core = 1 if (os.cpu_count() or 1) > 1 else None
    hows = {"asleep": [], "awake": ["--stay-awake"]}
    late_us = {f"{who}{how}": [] for how in hows for who in ("bare_", "")}
    with servers.Static(static_binary, folder, core=0) as static:
        own = {"workers": 1, "core": core}
        limit = facos(facos_binary, static.address, seconds, *HTTP, **own)
        half = limit["operations"]["beat"]["rate_per_s"] / 2
        paced = [*HTTP, "--rate", f"{half:.0f}/s"]
        for number in range(rounds):
            for how, more in hows.items():
                least = bare(bare_binary, static.address, half, seconds, how, core)
                late_us[f"bare_{how}"].append(least)
                opened = facos(facos_binary, static.address, seconds, *paced, *more, **own)
                late_us[how].append(opened["generator"]["own_lateness_us"])
            each = ", ".join(f"{who} {late[-1]['p99']:.0f} us" for who, late in late_us.items())
            progress = f"open {number + 1}/{rounds}: {half:.0f}/s, p99 of lateness {each}"
            print(progress, file=sys.stderr, flush=True)
    medians = {
        who: {share: statistics.median(one[share] for one in late) for share in SHARES}
        for who, late in late_us.items()
    }
    # Where processors are pinned, a planner would keep the generator awake.
    limit_us = max(LATE_US, LATE_RATIO * medians["bare_awake"]["p99"])
    return {
        "rate_per_s": half, "lateness_us": medians, "limit_us": limit_us,
        "p99_us": {who: sorted(one["p99"] for one in late) for who, late in late_us.items()},
        "kept": medians["awake"]["p99"] <= limit_us,
    }
