"""The six outages of `facos drill` with real SDKs as the client command.

What each SDK still returns stands in its `client.toml`; it was seen here, with unmodified SDKs, and
a version that begins to behave otherwise must differ. `facos drill` says it by its exit code, too.
"""

import concurrent.futures
import json
import subprocess
import tempfile
import time

# Java polls each two seconds what the drills say may be cached so long.
HOLD = "8s"
PATIENCE = "60s"
LIMIT_S = 600


def run(clients, binary, logs):
    """Every client that has a drill, all at once; whether each returned what it is known to."""
    drilled = [client for client in clients if client.drill]
    with concurrent.futures.ThreadPoolExecutor(max(1, len(drilled))) as pool:
        results = list(pool.map(lambda client: drill(client, binary, logs), drilled))
    for client, (good, lines) in zip(drilled, results):
        print(f"{client.name}: {'ok' if good else 'FAILED'}")
        for line in lines:
            print(f"  {line}")
    return bool(drilled) and all(good for good, _ in results)


def drill(client, binary, logs):
    """One client through all drills: whether it did as known, and a line for each drill."""
    logs.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    command = [str(binary), "drill", "--for", HOLD, "--patience", PATIENCE, "-o", "json"]
    command += ["--", "/bin/sh", "-c", client.drill]
    with (
        tempfile.TemporaryDirectory(prefix="facos-drill-") as home,
        open(logs / f"drill-{client.folder.name}-{client.version}.log", "wb") as log,
    ):
        ended = subprocess.run(
            command,
            env=client.environment() | {"HOME": home},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=LIMIT_S,
        )
    try:
        report = json.loads(ended.stdout)
    except ValueError:
        return False, [f"exit code {ended.returncode}, no report; see {log.name}"]
    good, lines = True, [f"{time.monotonic() - began:.0f} s"]
    for each in report["drills"]:
        name, verdict = each["drill"], each["verdict"]
        known = client.facts.get("drill", {}).get(name)
        good &= verdict == known
        lines.append(f"{name}: {verdict}" + ("" if verdict == known else f", known is {known}"))
    code = 0 if report["passed"] else 1
    if ended.returncode != code:
        good = False
        lines.append(f"exit code {ended.returncode}, not {code}")
    return good, lines
