"""One life of one client on one server, the same steps as were measured on the real ones.

The client registers and subscribes. Somebody else registers a second instance of the service,
changes it and takes it away, and each time the client must hear of it and the server must list
it. Then its beats are awaited, it changes its own instance, lists and deregisters. What the
server's journal says of it is evidence: where each beat stood, and whether pushes were acked.
"""

import pathlib
import socket
import threading
import time

import driver
from facos import GROUP

LISTED_S = 3
# A push comes within about a second and a half; a subscriber on 1.x that polls, within 4 s, and
# what only a poll of a lost push tells, after more than this.
HEARD_S = 6
BEATS_S = 45
# A JVM's start takes a core for seconds: more at a time would make everything late.
starting = threading.BoundedSemaphore(2)


class Life:
    """What is to happen, then what happened."""

    def __init__(self, client, server, kind, beats, scratch):
        self.client = client
        self.server = server
        self.kind = kind
        self.expected = client.expected(kind)[server.profile]
        self.awaited = self.expected.get("beats", "")[:beats]
        self.updates = client.facts.get("updates", True)
        name = client.name.replace(" ", "-").lower()
        self.service = f"client.{name}.{kind}"
        self.home = pathlib.Path(scratch) / f"{name}-on-{server.profile}"
        self.problem = None
        self.beats = ""
        self.heard_by = "-"
        self.heard_after_s = []
        self.beats_at_s = []
        self.differences = []
        self.evidence = []

    def run(self):
        """Lives it and judges it; never raises."""
        with socket.create_server(("127.0.0.1", 0)) as one:
            with socket.create_server(("127.0.0.1", 0)) as other:
                # Bound while the life lasts, so that the ports are its own and a TCP health
                # check of a persistent instance finds somebody.
                self.ports = one.getsockname()[1], other.getsockname()[1]
                self.live()
        self.judge()

    def live(self):
        process = None
        try:
            with starting:
                arguments = [self.server.address, self.service, str(self.ports[0]), self.kind]
                process = driver.Driver(self.client, self.home, arguments)
                self.arrive(process)
            self.hear(process)
            self.await_beats()
            self.change_and_leave(process)
        except (driver.Failed, OSError, ValueError, KeyError) as error:
            self.problem = str(error) or repr(error)
        finally:
            if process:
                process.stop()
                self.evidence = list(process.noise)

    def arrive(self, process):
        first = self.ports[0]
        process.step("register")
        self.until_listed("register", {first: ("first", 1.0)})
        process.step("subscribe")

    def hear(self, process):
        """The second instance, of which the client knows nothing but what it hears."""
        first, second = self.ports
        alone = {first: ("first", 1.0)}
        self.second("POST", role="second", weight=1)
        self.until_heard(process, "second registered", alone | {second: ("second", 1.0)})
        self.second("POST", role="second-updated", weight=3)
        changed = alone | {second: ("second-updated", 3.0)}
        if self.updates:
            self.until_heard(process, "second updated", changed)
        else:
            self.until_listed("second updated", changed)
        self.second("DELETE")
        self.until_heard(process, "second deregistered", alone)

    def await_beats(self):
        """Until as many came as are expected, one period at least where none are."""
        deadline = time.monotonic() + (BEATS_S if self.awaited else 6)
        while time.monotonic() < deadline:
            records = self.own_beats()
            if self.awaited and len(records) >= len(self.awaited):
                break
            time.sleep(0.25)
        if self.awaited:
            records = records[: len(self.awaited)]
        self.beats = "".join(letter(record) for record in records)
        began = self.server.journal(self.service)[0]["time"]
        self.beats_at_s = [(record["time"] - began) / 1000 for record in records]

    def change_and_leave(self, process):
        alone = {self.ports[0]: ("first", 1.0)}
        if self.updates:
            alone = {self.ports[0]: ("first-updated", 2.0)}
            process.step("update")
            self.until_heard(process, "own update", alone)
        process.step("list")
        if process.listed != alone:
            raise driver.Failed(f"list: {process.listed}, not {alone}")
        process.step("deregister")
        self.until_listed("deregister", {})

    def own_beats(self):
        """The journal's beats of the client's instance."""
        records = self.server.journal(self.service, "beat")
        return [record for record in records if record["port"] == self.ports[0]]

    def second(self, method, role=None, weight=None):
        """What the other party does: a request for the second instance."""
        parameters = {
            "serviceName": f"{GROUP}@@{self.service}",
            "groupName": GROUP,
            "ip": "127.0.0.1",
            "port": self.ports[1],
            "clusterName": "DEFAULT",
            "ephemeral": str(self.kind == "ephemeral").lower(),
        }
        if role:
            parameters |= {"weight": weight, "metadata": f'{{"role":"{role}"}}'}
        answer = self.server.instance(method, **parameters)
        if answer != "ok":
            raise driver.Failed(f"{method} of the second instance: {answer}")

    def until_heard(self, process, step, wanted):
        limit_s = self.client.facts.get("heard_within_s", HEARD_S)
        after_s = process.wait_heard(lambda hosts: hosts == wanted, limit_s)
        if after_s is None:
            raise driver.Failed(f"{step}: after {limit_s} s heard {process.heard}, not {wanted}")
        self.heard_after_s.append(after_s)
        self.until_listed(step, wanted)

    def until_listed(self, step, wanted):
        """The server's own list, which 2.0.2 renews half a second late."""
        deadline = time.monotonic() + LISTED_S
        while (listed := self.server.hosts(self.service)) != wanted:
            if time.monotonic() > deadline:
                raise driver.Failed(f"{step}: the server lists {listed}, not {wanted}")
            time.sleep(0.05)

    def judge(self):
        """Fills `differences` with each finding that is not as on the real server."""
        try:
            records = self.server.journal(self.service)
        except OSError as error:
            self.differences.append(f"the journal: {error}")
            return
        operations = [record["operation"] for record in records]
        if "list" in operations:
            self.heard_by = "push" if "ack" in operations else "poll"
        self.compare("lives", "no" if self.problem else "yes", self.expected["lives"])
        if self.problem:
            why = self.expected.get("why")
            if why is None or why not in self.problem:
                self.differences.append(self.problem)
        else:
            self.compare("heard by", self.heard_by, self.expected["heard"])
            self.compare("beats", self.beats, self.awaited)
            self.judge_agent(records)
            self.judge_times()
        if self.differences:
            self.evidence += [journal_line(record) for record in records[-20:]]

    def judge_agent(self, records):
        agents = {r["agent"] for r in records if r["port"] == self.ports[0]}
        self.compare("agent", ", ".join(sorted(agents)), self.client.facts["agent"])

    def judge_times(self):
        """When the first beat came after the first request, and that none was late after it."""
        if not self.beats_at_s:
            return
        earliest_s, latest_s = self.client.facts["first_beat_s"]
        first_s, *later_s = self.beats_at_s
        if not earliest_s <= first_s <= latest_s:
            expected = f"{earliest_s} to {latest_s} s"
            self.differences.append(f"first beat after {first_s:.1f} s, not {expected}")
        gaps_s = [after_s - before_s for before_s, after_s in zip(self.beats_at_s, later_s)]
        if any(not 4 <= gap_s <= 8 for gap_s in gaps_s):
            self.differences.append(f"beats at {self.beats_at_s} s, not each 5 s")

    def compare(self, what, seen, wanted):
        if seen != wanted:
            self.differences.append(f"{what}: {seen or 'none'}, not {wanted or 'none'}")


def letter(record):
    """F for a full beat, L for a light one, with the status when it was refused."""
    shape = {"query": "F", "body": "F", "absent": "L"}.get(record["beat"], "?")
    return shape if record["status"] == 200 else f"{shape}({record['status']})"


def journal_line(record):
    """A record of the journal in a failure's report."""
    names = ["time", "operation", "ip", "port", "agent", "beat", "status"]
    return " ".join(str(record.get(name, "-")) for name in names)
