"""A rollback with real Java clients, and the rescue that gets them back.

A server of 1.2.1 teaches the clients light beats. At the same address a 1.1.4 server follows, which
refuses every one of them, so that their instances vanish. Then `facos rescue` stands in, then 1.1.4
is back: every instance must be there again, with full beats. In front of a 1.1.4 server at another
address (`upstream`) the same must happen without one failed or empty read. With the answer that the
field gave first (`flag-only`), or with a text (`text`), it must fail as it did there, client by
client, and with the interval alone (`interval`) it must not.
"""

import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

import driver
import facos

# What other answers do to each version, measured in the field: free, dead (no beat any more), stuck
# (light for ever).
ANSWERS = {
    "flag-only": {"1.2.1": "free", "1.3.2": "dead", "1.4.1": "dead", "1.4.2": "stuck"},
    "interval": {"1.2.1": "free", "1.3.2": "free", "1.4.1": "free", "1.4.2": "free"},
    "text": {"1.2.1": "dead", "1.3.2": "dead", "1.4.1": "dead", "1.4.2": "stuck"},
}
VERSIONS = list(ANSWERS["flag-only"])
GROUP = "DEFAULT_GROUP"
# Two periods and a slow machine.
PHASE_S = 40
AFTERWARDS_S = 16


class Failed(Exception):
    """A phase that did not come to what it must."""


class Rollback:
    """One rollback of all clients on one address."""

    def __init__(self, clients, binary, logs, scratch, kind):
        self.clients = clients
        self.binary, self.logs, self.kind = binary, logs, kind
        self.scratch = pathlib.Path(scratch) / kind
        self.service = f"rollback.{kind}"
        self.grouped = f"{GROUP}@@{self.service}"
        self.lines = []
        self.ports = {}

    def run(self):
        """Its lines for the table; raises Failed."""
        self.scratch.mkdir(parents=True)
        self.port = free_port()
        drivers = []
        try:
            with self.serving("1.2.1", self.port) as server:
                for client in self.clients:
                    drivers.append(self.start(client, server))
                self.until("light beats", lambda: self.all_beat(server, "absent", 200))
                expected = self.snapshot(server)
            self.refused()
            if self.kind in ANSWERS:
                self.answer(expected)
            else:
                getattr(self, self.kind)(expected)
        finally:
            for each in drivers:
                each.stop()
        return self.lines

    def plain(self, expected):
        report, code = self.rescue("--expect", expected, "--for", f"{PHASE_S}s")
        if code != 0:
            raise Failed(f"the rescue ended with {code}: {json.dumps(report)[:600]}")
        free = report["instances"]["rescued"]
        self.lines.append(f"rescued {free} after {report['seconds']:.1f} s")
        with self.serving("1.1.4", self.port) as server:
            self.until("instances", lambda: len(self.listed(server.address)) == len(self.ports))
            time.sleep(AFTERWARDS_S)
            for version, shapes in self.beats(server).items():
                if not shapes or set(shapes) != {"F"}:
                    raise Failed(f"{version} sends {shapes or 'nothing'} after the rescue")
                self.lines.append(f"Java {version}: back, {shapes}")

    def upstream(self, expected):
        with self.serving("1.1.4", free_port()) as server:
            arguments = ["--upstream", server.address, "--expect", expected, "--stay"]
            with self.rescuing(*arguments, "--for", "120s") as rescue:
                reads = Reads(f"127.0.0.1:{self.port}", self.listed)
                self.until("rescue", lambda: self.state()["rescued"])
                self.until("instances", lambda: len(self.listed(server.address)) == len(self.ports))
                time.sleep(AFTERWARDS_S)
                count, bad = reads.stop()
                shapes = self.beats(server)
                rescue.send_signal(signal.SIGTERM)
                code = rescue.wait(5)
        if bad or code != 0:
            raise Failed(f"{len(bad)} of {count} reads were bad, first {bad[:1]}; exit code {code}")
        self.lines.append(f"{count} reads through the rescue, none failed, none empty")
        for version, seen in shapes.items():
            if set(seen) != {"F"}:
                raise Failed(f"{version} sends {seen} behind the rescue")
            self.lines.append(f"Java {version}: back, {seen} at the server behind")

    def answer(self, expected):
        """Another answer than the full one: what it does, and whether the rescue says so."""
        known = ANSWERS[self.kind]
        all_free = all(known[version] == "free" for version in self.ports)
        arguments = ["--answer", self.kind, "--expect", expected, "--for", f"{AFTERWARDS_S}s"]
        report, code = self.rescue(*arguments)
        if code != (0 if all_free else 1):
            raise Failed(f"the rescue ended with {code}: {json.dumps(report)[:600]}")
        missing = sorted(row["port"] for row in report["notRescued"])
        with self.serving("1.1.4", self.port) as server:
            time.sleep(AFTERWARDS_S)
            for version, shapes in self.beats(server).items():
                fate = {"": "dead", "F": "free"}.get("".join(sorted(set(shapes))), "stuck")
                if fate != known[version]:
                    raise Failed(f"{version} is {fate} ({shapes}), not {known[version]}")
                if (self.ports[version] in missing) != (fate != "free"):
                    raise Failed(f"the rescue is wrong about {version}, which is {fate}")
                self.lines.append(f"Java {version}: {fate} ({shapes or 'no beat'})")

    def start(self, client, server):
        port = free_port()
        self.ports[client.version] = port
        home = self.scratch / client.version
        arguments = [server.address, "public", GROUP, self.service, str(port), "ephemeral"]
        process = driver.Driver(client, home, arguments)
        process.step("register")
        return process

    def refused(self):
        """The 1.1.4 server after which nobody comes back."""
        with self.serving("1.1.4", self.port) as server:
            self.until("refusals", lambda: self.all_beat(server, "absent", 400))
            if self.listed(server.address):
                raise Failed("1.1.4 lists what it can not know")

    def serving(self, profile, port):
        return Serving(self.binary, profile, self.logs, port)

    def rescuing(self, *arguments):
        log = open(self.logs / f"rescue-{self.kind}.log", "wb")
        where = ["--bind", "127.0.0.1", "--port", str(self.port)]
        command = [str(self.binary), "rescue", *where, "-o", "json", *map(str, arguments)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        child.stdout.readline()
        return child

    def rescue(self, *arguments):
        """A rescue to its end: its report and its exit code."""
        with self.rescuing(*arguments) as child:
            report = json.loads(child.stdout.readline())
            return report, child.wait()

    def state(self):
        """The report of the rescue that is under way."""
        return json.loads(facos.ask(f"127.0.0.1:{self.port}", "GET", "/__rescue")[1])

    def snapshot(self, server):
        """What the server lists, as a file of `facos snapshot`."""
        instances = [
            {
                "ip": "127.0.0.1",
                "port": port,
                "cluster": "DEFAULT",
                "ephemeral": True,
                "enabled": True,
                "healthy": True,
                "weight": 1.0,
                "metadata": {},
                "lastBeatMs": None,
                "registeredBy": "beats",
                "responsible": None,
                "seenOn": [0],
            }
            for port in sorted(self.ports.values())
        ]
        service = {"namespace": "public", "group": GROUP, "service": self.service}
        node = {"node": server.address, "ownAddress": None, "serverVersion": None}
        counts = {"complete": True, "error": None, "services": 1, "instances": len(instances)}
        path = self.scratch / "snapshot.json"
        path.write_text(
            json.dumps(
                {
                    "format": "facos-snapshot",
                    "version": 1,
                    "complete": True,
                    "takenAtMs": int(time.time() * 1000),
                    "sharding": "service",
                    "members": [],
                    "nodes": [node | counts],
                    "services": [service | {"responsible": None, "instances": instances}],
                }
            )
        )
        return path

    def records(self, server):
        return [each for each in server.journal(self.grouped) if each["operation"] == "beat"]

    def all_beat(self, server, place, status):
        """Whether every client sent such a beat and was answered so."""
        seen = {
            each.get("port")
            for each in self.records(server)
            if each["beat"] == place and each["status"] == status
        }
        return seen >= set(self.ports.values())

    def beats(self, server):
        """Shapes of the beats that a server saw, by version."""
        records = self.records(server)
        shape = lambda each: {"absent": "L"}.get(each["beat"], "F")
        return {
            version: "".join(shape(each) for each in records if each.get("port") == port)
            for version, port in self.ports.items()
        }

    def listed(self, address):
        """Ports that a list names; an answer that is no list raises OSError."""
        path = f"/nacos/v1/ns/instance/list?serviceName={GROUP}%40%40{self.service}"
        status, body = facos.ask(address, "GET", path)
        if status != 200:
            raise OSError(f"list: {status} {body}")
        return [each["port"] for each in json.loads(body)["hosts"]]

    def until(self, what, done):
        deadline = time.monotonic() + PHASE_S
        while not done():
            if time.monotonic() > deadline:
                raise Failed(f"no {what} within {PHASE_S} s")
            time.sleep(0.2)


class Serving(facos.Server):
    """A server on a given port, for a `with` block."""

    def __init__(self, binary, profile, logs, port):
        super().__init__(binary, profile, logs, port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Reads:
    """A consumer that lists each 200 ms; what it was answered."""

    def __init__(self, address, listed):
        self.count, self.bad, self.over = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run, args=(address, listed), daemon=True)
        self.thread.start()

    def run(self, address, listed):
        while not self.over.wait(0.2):
            self.count += 1
            try:
                hosts = listed(address)
                if not hosts:
                    self.bad.append("empty")
            except OSError as error:
                self.bad.append(str(error))

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.count, self.bad


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def run(clients, binary, logs):
    """All kinds of rollback, one after the other; whether each came to what it must."""
    good = True
    with tempfile.TemporaryDirectory(prefix="facos-rollback-") as scratch:
        for kind in ("plain", "upstream", *ANSWERS):
            began = time.monotonic()
            rollback = Rollback(clients, binary, logs, scratch, kind)
            try:
                rollback.run()
                verdict = "ok"
            except (Failed, driver.Failed, OSError) as error:
                verdict, good = f"FAILED: {error}", False
            print(f"{kind}: {verdict} ({time.monotonic() - began:.0f} s)")
            for line in rollback.lines:
                print(f"  {line}")
    return good
