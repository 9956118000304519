"""One life of one client on one server, the same steps as were measured on the real ones.

The client registers and subscribes. Somebody else registers a second instance of the service,
changes it and takes it away, and each time the client must hear of it and the server must list
it. Then its beats are awaited, it changes its own instance, lists and deregisters. That is a life
with `ephemeral` or `persistent` instances. In a life `removed`, somebody takes the client's own
instance away after its second beat, and the client must bring it back. A life `elsewhere` is an
ephemeral one in a group and a namespace that nobody created. In a life `restarted` the server,
which is its own, begins anew and knows nobody; the client must bring its instance and its
subscription back.

What the server's journal says of it is evidence; `verdict.py` judges by it.
"""

import pathlib
import socket
import threading
import time

import driver
from facos import Server, host

PLACES = {"elsewhere": ("team-a", "ORDERS")}
DEFAULT_PLACE = "public", "DEFAULT_GROUP"
LISTED_S = 3
# A push comes within about a second and a half; a subscriber on 1.x that polls, within 4 s, and
# what only a poll after a lost push tells, after more than this.
HEARD_S = 6
# What changes just after a push arrived can be lost on 1.x, until something else changes.
SETTLE_S = 0.3
# How long the first push is waited for, of which some clients get none.
FIRST_PUSH_S = 3
# A real server forgets a subscriber 10 s after its last list, and the subscriber lists each 10 s
# and throws that answer away when a push came before: a push due between the two is lost to it for
# another 10 s. So nothing is changed when the last list is older than this.
LISTED_LATELY_S = 8
BEATS_S = 45
# Where no beat is expected, a period and some more.
NO_BEATS_S = 6
# A JVM's start takes a core for seconds: more at a time would make everything late.
starting = threading.BoundedSemaphore(2)


class Life:
    """What is to happen, then what happened."""

    def __init__(self, client, server, kind, beats, scratch):
        self.client = client
        self.server = server
        self.kind = kind
        self.expected = client.expected(kind)[server.profile]
        self.awaited = self.expected["beats"][:beats]
        name = client.name.replace(" ", "-").lower()
        self.namespace, self.group = PLACES.get(kind, DEFAULT_PLACE)
        self.name = f"client.{name}.{kind}"
        self.service = f"{self.group}@@{self.name}"
        self.home = pathlib.Path(scratch) / f"{name}-on-{server.profile}"
        self.ports = None
        self.problem = None
        self.signs = []
        self.heard_after_s = []
        self.noise = []

    def run(self):
        """Lives it; what goes wrong becomes its `problem`."""
        # Bound while the life lasts, so that the ports are its own and a TCP health check of a
        # persistent instance finds somebody.
        with socket.create_server(("127.0.0.1", 0)) as one:
            with socket.create_server(("127.0.0.1", 0)) as other:
                self.ports = one.getsockname()[1], other.getsockname()[1]
                self.live()

    def live(self):
        process = None
        try:
            with starting:
                process = driver.Driver(self.client, self.home, self.arguments())
                self.arrive(process)
            if self.kind == "removed":
                self.come_back()
            elif self.kind == "restarted":
                self.survive(process)
            else:
                self.hear(process)
                self.await_signs(self.awaited)
                self.change(process)
            process.step("deregister")
            self.until_listed("deregister", [])
        except (driver.Failed, OSError, ValueError) as error:
            self.problem = str(error) or repr(error)
        finally:
            if process:
                process.stop()
                self.noise = list(process.noise)

    def arguments(self):
        """Of the driver, as `driver.py` says."""
        place = [self.namespace, self.group, self.name]
        return [self.server.address, *place, str(self.ports[0]), self.kind]

    def arrive(self, process):
        process.step("register")
        self.until_listed("register", [self.own()])
        process.step("subscribe")

    def hear(self, process):
        """The second instance, of which the client knows nothing but what it hears."""
        self.await_list()
        self.await_pushes()
        self.somebody("POST", self.ports[1], "second", 1)
        self.until_heard(process, "second registered", [self.own(), self.other("second", 1)])
        self.await_list()
        self.somebody("POST", self.ports[1], "second-updated", 3)
        changed = [self.own(), self.other("second-updated", 3)]
        if self.client.updates:
            self.until_heard(process, "second updated", changed)
        else:
            self.until_listed("second updated", changed)
        self.await_list()
        self.somebody("DELETE", self.ports[1])
        self.until_heard(process, "second deregistered", [self.own()])

    def change(self, process):
        alone = [self.own()]
        if self.client.updates:
            alone = [self.own("first-updated", 2)]
            self.await_list()
            process.step("update")
            self.until_heard(process, "own update", alone)
        process.step("list")
        if process.listed != alone:
            raise driver.Failed(f"list: {process.listed}, not {alone}")

    def survive(self, process):
        """The server begins anew; then the client must be there, and hear of others, by itself.

        It has been pushed to before: nacos-sdk does not see the end of a stream on which nothing
        was ever said, on any server, because gRPC sends its head with the first message.
        """
        self.await_pushes()
        self.server.restart(self.client.facts.get("down_s", 0))
        self.until_listed("back", [self.own()], self.client.facts["back_within_s"])
        deadline = time.monotonic() + self.client.facts["back_within_s"]
        while not any(sign["operation"] == "subscribe" for sign in self.journal()):
            if time.monotonic() > deadline:
                raise driver.Failed("it did not subscribe again")
            time.sleep(0.1)
        self.somebody("POST", self.ports[1], "second", 1)
        self.until_heard(process, "second registered", [self.own(), self.other("second", 1)])
        self.somebody("DELETE", self.ports[1])
        self.until_listed("second deregistered", [self.own()])

    def await_pushes(self):
        """Each subscription over gRPC is pushed to once by itself; what changes is told after that.

        nacos_rust_client subscribes in no namespace, too, and then believes whichever comes last.
        """
        deadline = time.monotonic() + FIRST_PUSH_S
        while time.monotonic() < deadline:
            signs = [sign["operation"] for sign in self.journal()]
            if signs.count("ack") >= signs.count("subscribe"):
                break
            time.sleep(0.1)

    def journal(self):
        return self.server.journal(self.service)

    def come_back(self):
        """After the second beat its instance goes; then the client must do as is awaited."""
        self.await_signs(self.awaited.partition("D")[0])
        self.somebody("DELETE", self.ports[0])
        self.until_listed("removed", [])
        self.await_signs(self.awaited)
        self.until_listed("back", [self.own()])

    def await_signs(self, awaited):
        """Until as many signs of life came as are awaited, or for a while where none are."""
        deadline = time.monotonic() + (BEATS_S if awaited else NO_BEATS_S)
        while True:
            self.signs = self.signs_of_life()
            if awaited and len(self.signs) >= len(awaited) or time.monotonic() > deadline:
                break
            time.sleep(0.25)
        self.signs = self.signs[: len(awaited) or None]

    def await_list(self):
        """Until the client, if it is pushed to, has listed lately enough to be pushed to."""
        if self.expected["heard"] != "push":
            return
        deadline = time.monotonic() + HEARD_S
        while time.monotonic() < deadline:
            records = self.server.journal(self.service)
            if any(record["operation"] == "subscribe" for record in records):
                # Over a stream a subscription lasts as long as the connection.
                return
            lists = [record for record in records if listing(record)]
            if lists and time.time() - lists[-1]["time"] / 1000 < LISTED_LATELY_S:
                break
            time.sleep(0.1)

    def signs_of_life(self):
        """The journal's beats of the client's instance; its comings and goings in `removed`."""
        wanted = ["beat"]
        if self.kind == "removed":
            wanted += ["register", "deregister"]
        return [
            record
            for record in self.server.journal(self.service)
            if record.get("port") == self.ports[0] and record["operation"] in wanted
        ]

    def somebody(self, method, port, role=None, weight=None):
        """What the other party does to an instance."""
        parameters = {
            "namespaceId": self.namespace,
            "serviceName": self.service,
            "groupName": self.group,
            "ip": "127.0.0.1",
            "port": port,
            "clusterName": "DEFAULT",
            "ephemeral": str(self.kind != "persistent").lower(),
        }
        if role:
            parameters |= {"weight": weight, "metadata": f'{{"role":"{role}"}}'}
        answer = self.server.instance(method, **parameters)
        if answer != "ok":
            raise driver.Failed(f"{method} of port {port}: {answer}")

    def own(self, role="first", weight=1):
        return host(self.ports[0], role, weight)

    def other(self, role, weight):
        return host(self.ports[1], role, weight)

    def until_heard(self, process, step, wanted):
        limit_s = self.client.facts.get("heard_within_s", HEARD_S)
        after_s = process.wait_heard(sorted(wanted), limit_s)
        if after_s is None:
            raise driver.Failed(f"{step}: after {limit_s} s heard {process.heard}, not {wanted}")
        self.heard_after_s.append(after_s)
        self.until_listed(step, wanted)
        time.sleep(SETTLE_S)

    def until_listed(self, step, wanted, limit_s=LISTED_S):
        """The server's own list, which 2.0.2 renews half a second late."""
        deadline = time.monotonic() + limit_s
        while (listed := self.server.hosts(self.namespace, self.service)) != sorted(wanted):
            if time.monotonic() > deadline:
                raise driver.Failed(f"{step}: the server lists {listed}, not {wanted}")
            time.sleep(0.05)


def listing(record):
    """A list that the client asked for."""
    return record["operation"] == "list" and record.get("agent") != Server.AGENT
