"""The load generator against wrk: the same static server, the same connections, in turns.

The server answers constants, so that nothing but the generators differs. wrk has two threads and
`facos bench` two workers; both check what they get, facos every answer. Requests per second are
compared, and processor time of the generator for each request.
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import compare
import servers

FLOOR = 0.80
GOAL = 0.90
CPU_LIMIT = 1.15
CONNECTIONS = 64
OK = b"content-type: text/html;charset=UTF-8\r\n\r\nok"
BEAT = (
    b"content-type: application/json;charset=UTF-8\r\n\r\n"
    b'{"code":10200,"lightBeatEnabled":false,"clientBeatInterval":5000}'
)
LIST = b'content-type: application/json\r\n\r\n{"hosts":[],"lastRefTime":1}'


def children_cpu_s():
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wrk(static, seconds):
    command = ["wrk", f"-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s"]
    command += [str(compare.WRK / "full-beat.lua"), f"http://{static.address}", "--", "100", "10"]
    before = children_cpu_s()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu_s = children_cpu_s() - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    per_s = result["requests"] / result["duration_us"] * 1e6
    return {"per_s": per_s, "cpu_us": cpu_s / result["requests"] * 1e6}


def facos(binary, static, seconds, *more):
    command = [str(binary), "bench", "--target", f"http://{static.address}", "--preset"]
    command += ["beat-only", "--connections", str(CONNECTIONS), "--workers", "2", "--warm-up"]
    command += ["0s", "--duration", f"{seconds}s", "--keep", "-o", "json", *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def closed(binary, static, seconds):
    result = facos(binary, static, seconds)
    return {
        "per_s": result["operations"]["beat"]["rate_per_s"],
        "cpu_us": result["generator"]["cpu_us_per_request"],
    }


def static_answers(folder):
    answers = {"register": OK, "beat": BEAT, "list": LIST}
    for name, answer in answers.items():
        pathlib.Path(folder, name).write_bytes(answer)


def run(binaries, rounds, seconds):
    """Alternating rounds; ratios are taken within each."""
    with tempfile.TemporaryDirectory() as folder:
        static_answers(folder)
        with servers.Static(binaries[1], folder) as static:
            closed(binaries[0], static, 1)
            pairs = []
            for number in range(rounds):
                pair = wrk(static, seconds), closed(binaries[0], static, seconds)
                pairs.append(pair)
                ratio = pair[1]["per_s"] / pair[0]["per_s"]
                print(f"generator {number + 1}/{rounds}: {ratio:.2f}", file=sys.stderr, flush=True)
            half = statistics.median(pair[1]["per_s"] for pair in pairs) / 2
            opened = facos(binaries[0], static, seconds, "--rate", f"{half:.0f}/s")
    return results(pairs, half, opened)


def results(pairs, half, opened):
    def median(key, side):
        return statistics.median(pair[side][key] for pair in pairs)

    ratios = [ours["per_s"] / theirs["per_s"] for theirs, ours in pairs]
    cpu = [ours["cpu_us"] / theirs["cpu_us"] for theirs, ours in pairs]
    ratio, cpu_ratio = statistics.median(ratios), statistics.median(cpu)
    late_us = opened["operations"]["beat"]["lateness_us"]["p99"]
    return {
        "wrk_per_s": median("per_s", 0),
        "facos_per_s": median("per_s", 1),
        "ratio": ratio,
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "wrk_cpu_us": median("cpu_us", 0),
        "facos_cpu_us": median("cpu_us", 1),
        "cpu_ratio": cpu_ratio,
        "open_rate_per_s": half,
        "open_lateness_p99_us": late_us,
        "load_average": os.getloadavg()[0],
        "kept": ratio >= FLOOR and cpu_ratio <= CPU_LIMIT and late_us <= 200,
    }
