"""A client process: a small program around the SDK that is told on stdin what to do next.

It is started as `START SERVER NAMESPACE GROUP SERVICE PORT KIND`: the server's `127.0.0.1:port`,
the service's names, the port of the instance that it stands for, and `persistent` when that is to
be persistent. The cluster is the default one, the metadata is `role=first`, the weight 1.

A line on stdin is one step:
  register, subscribe, deregister   that call of the SDK
  update   the SDK's way to change the instance to `role=first-updated`, weight 2
  list     the SDK's list, asked of the server
A step ends with `done STEP` or `failed STEP WHY` on stdout. Before `done list` comes `listed HOST
...`, and whenever the subscription says something, `heard HOST ...`, where HOST is
`port/role/weight` and all hosts that the client now knows are named. Other lines are noise, kept
for the report of a failure. At the end of its stdin the process exits.
"""

import collections
import subprocess
import threading
import time

from facos import host

STEP_S = 30
NOISE_LINES = 8


class Failed(Exception):
    """A step that the client could not do, or did not end."""


class Driver:
    """The running process; what it says is read in the background."""

    def __init__(self, client, home, arguments):
        home.mkdir(parents=True)
        self.noise = collections.deque(maxlen=NOISE_LINES)
        self.changed = threading.Condition()
        self.ended = {}
        self.listed = None
        self.heard = None
        self.child = subprocess.Popen(
            ["sh", "-c", f'{client.start} "$@"', "start", *arguments],
            env=client.environment() | {"HOME": str(home)},
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
        )
        threading.Thread(target=self.read, daemon=True).start()

    def step(self, name):
        """Does one step; raises Failed with what the client says."""
        with self.changed:
            self.ended.pop(name, None)
            try:
                self.child.stdin.write(name + "\n")
            except OSError as error:
                raise Failed(f"the client ended before {name}") from error
            over = lambda: name in self.ended or "" in self.ended
            if not self.changed.wait_for(over, STEP_S):
                raise Failed(f"{name} did not end within {STEP_S} s")
            problem = self.ended.get(name, "the client ended")
        if problem is not None:
            raise Failed(f"{name}: {problem}")

    def wait_heard(self, wanted, limit_s):
        """Waits until it last heard the wanted hosts; after how many seconds, None for never."""
        began = time.monotonic()
        with self.changed:
            heard = self.changed.wait_for(lambda: self.heard == wanted, limit_s)
        return time.monotonic() - began if heard else None

    def read(self):
        """Sorts its lines until it ends."""
        for line in self.child.stdout:
            word, _, rest = line.strip().partition(" ")
            with self.changed:
                if word == "done":
                    self.ended[rest] = None
                elif word == "failed":
                    step, _, why = rest.partition(" ")
                    self.ended[step] = why or "it says no more"
                elif word == "listed":
                    self.listed = hosts(rest)
                elif word == "heard":
                    self.heard = hosts(rest)
                else:
                    self.noise.append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.ended[""] = "the client ended"
            self.changed.notify_all()

    def stop(self):
        """Lets it exit by the end of its stdin, else kills it."""
        try:
            self.child.stdin.close()
            self.child.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self.child.kill()
            self.child.wait()


def hosts(text):
    """The hosts of a line, sorted, each weight written the same way."""
    return sorted(host(*each.split("/")) for each in text.split())
