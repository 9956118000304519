"""The servers under test, one a profile, and what is asked of them beside the clients."""

import http.client
import json
import subprocess
import time
import urllib.parse

START_S = 30


def host(port, role, weight):
    """An instance as one text, the same for every client and the server."""
    return f"{port}/{role}/{float(weight):g}"


class NotStarted(Exception):
    """The binary did not print its ready line."""


class Servers:
    """One server a profile, on ports of their own; they end with the `with` block."""

    def __init__(self, binary, profiles, logs):
        self.wanted = [(binary, profile, logs) for profile in profiles]
        self.started = []

    def __enter__(self):
        try:
            for binary, profile, logs in self.wanted:
                self.started.append(Server(binary, profile, logs))
        except BaseException:
            self.__exit__()
            raise
        return self.started

    def __exit__(self, *_):
        for server in self.started:
            server.stop()


class Server:
    """`facos serve` of one profile with default settings, on free ports or a given one."""

    # Of the requests that are made here, which are nobody's SDK.
    AGENT = "facos-clients"

    def __init__(self, binary, profile, logs, port=0):
        self.profile = profile
        logs.mkdir(parents=True, exist_ok=True)
        self.log = logs / f"facos-{profile}.log"
        self.command = [str(binary), "serve", "--profile", profile, "--admin-port", "0", "--port"]
        self.start(port)

    def start(self, port):
        """Starts the process; it knows nothing of an earlier one."""
        command = [*self.command, str(port)]
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        line = self.child.stdout.readline()
        if not line:
            self.stop()
            raise NotStarted(f"{' '.join(command)} ended before it was ready\nhint: {self.log}")
        ready = json.loads(line)
        self.address = ready["nodes"][0]["http"].removeprefix("http://")
        self.admin = ready["admin"].removeprefix("http://")

    def restart(self, down_s=0):
        """A new process on the port of the old one, after so long without any."""
        self.stop()
        time.sleep(down_s)
        self.start(int(self.address.rpartition(":")[2]))

    def stop(self):
        """Ends it cleanly, or at all."""
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def hosts(self, namespace, service):
        """What the server itself lists, sorted."""
        answer = self.instance("GET", "/list", namespaceId=namespace, serviceName=service)
        listed = json.loads(answer).get("hosts", [])
        return sorted(host(at["port"], at["metadata"].get("role"), at["weight"]) for at in listed)

    def instance(self, method, path="", **parameters):
        """One request under `/nacos/v1/ns/instance`; the body of its answer."""
        query = urllib.parse.urlencode(parameters)
        status, body = ask(self.address, method, f"/nacos/v1/ns/instance{path}?{query}")
        if status != 200:
            raise OSError(f"{method} /nacos/v1/ns/instance{path}?{query}: {status} {body}")
        return body

    def journal(self, service):
        """Its records of a service, oldest first; what a record does not have is left out."""
        path = f"/__admin/journal?{urllib.parse.urlencode({'service': service})}"
        status, body = ask(self.admin, "GET", path)
        if status != 200:
            raise OSError(f"GET {path}: {status} {body}")
        return json.loads(body)["records"]


def ask(address, method, path):
    """One request without a body, on a connection of its own: the status and the text."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, headers={"User-Agent": Server.AGENT})
        response = connection.getresponse()
        return response.status, response.read().decode()
    except http.client.HTTPException as error:
        raise OSError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
