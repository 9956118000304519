"""The two servers of the comparison: built, started on free loopback ports, watched, ended."""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def build(facos=None):
    """All in release, but for a facos that is there; the paths of it and of the static server."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    build = ["cargo", "build", "--release", "--locked"]
    if facos is None:
        subprocess.run([*build, "--bin", "facos"], cwd=ROOT, check=True)
        facos = target / "release" / "facos"
    static = [*build, "--target-dir", str(target / "perf")]
    subprocess.run(static, cwd=HERE / "static-server", check=True)
    return facos, target / "perf" / "release" / "static-server"


def on_core(command, core):
    """The command on one processor, where that is asked for and possible."""
    pinned = core is not None and shutil.which("taskset")
    return ["taskset", "-c", str(core), *command] if pinned else command


class Process:
    """A server that was started; ends with the `with` block."""

    def __init__(self, command, core=None):
        self.began = time.perf_counter()
        command = on_core(command, core)
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ready_line = self.child.stdout.readline()
        self.ready_ms = (time.perf_counter() - self.began) * 1000
        if not self.ready_line:
            raise SystemExit(f"{command[0]} ended before it was ready: {self.child.wait()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def cpu_s(self):
        """Processor time used so far, user and system."""
        stat = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def memory_mb(self, name="VmRSS"):
        """Resident memory in 10^6 bytes; `VmHWM` for its peak."""
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024 / 1e6


class Facos(Process):
    """`facos serve` with default settings; `profile` None is its default profile."""

    def __init__(self, binary, profile=None, clock=None):
        command = [str(binary), "serve", "--port", "0", "--admin-port", "0"]
        command += ["--profile", profile] if profile else []
        command += ["--clock", clock] if clock else []
        super().__init__(command)
        ready = json.loads(self.ready_line)
        self.address = ready["nodes"][0]["http"].removeprefix("http://")
        self.admin = ready["admin"].removeprefix("http://")
        self.profile = ready["profile"]


class Rescue(Process):
    """`facos rescue` without a registry behind it."""

    profile = "rescue"

    def __init__(self, binary):
        super().__init__([str(binary), "rescue", "--listen", "127.0.0.1:0", "-o", "json"])
        ready = json.loads(self.ready_line)
        self.address = ready["listening"][0].removeprefix("http://")
        self.ready_ms = ready["afterMs"]


class Static(Process):
    """The static server with the answers in a folder."""

    def __init__(self, binary, folder, core=None):
        super().__init__([str(binary), str(folder)], core)
        self.address = f"127.0.0.1:{int(self.ready_line)}"


def ask(address, method, path, body=None):
    """One request on a connection of its own: the status, the headers and the body."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {"User-Agent": "Nacos-Java-Client:v1.2.1"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded;charset=UTF-8"
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.getheaders(), response.read()
    connection.close()
    return answer
