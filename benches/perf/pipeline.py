"""Many requests over many kept connections, faster than one by one: written in batches, their
answers counted."""

import selectors
import socket

BATCH = 40


def service(prefix, n):
    """The name that wrk/common.lua gives service n."""
    return f"DEFAULT_GROUP%40%40perf.{prefix}-{n:04d}"


def address(n, k):
    """The address that wrk/common.lua gives instance k of service n."""
    return f"10.{n // 250}.{n % 250}.{k + 1}", 8080


def registration(name, ip, port):
    path = (
        f"/nacos/v1/ns/instance?serviceName={name}&ip={ip}&port={port}&weight=1.0&ephemeral=true"
        "&groupName=DEFAULT_GROUP&namespaceId=public&enable=true&healthy=true&metadata=%7B%7D"
    )
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: Nacos-Java-Client:v1.2.1\r\n"
    return (head + "Content-Length: 0\r\n\r\n").encode()


def register(target, prefix, services, each, connections=64):
    """Registers `services` times `each` instances."""
    pairs = ((n, k) for n in range(services) for k in range(each))
    requests = [registration(service(prefix, n), *address(n, k)) for n, k in pairs]
    send_all(target, requests, connections)


def register_list(target, name, hosts):
    """Registers a service of so many hosts."""
    requests = [
        registration(f"DEFAULT_GROUP%40%40perf.{name}", f"10.9.{k // 250}.{k % 250 + 1}", 8080)
        for k in range(hosts)
    ]
    send_all(target, requests, 1)


def send_all(target, requests, connections, end=b"ok"):
    """Sends every request once and wants 200 for each, with an answer of that end."""
    host, port = target.split(":")
    selector = selectors.DefaultSelector()
    waiting = list(reversed(requests))
    open_count = min(connections, -(-len(waiting) // BATCH))
    for _ in range(open_count):
        connection = Connection(socket.create_connection((host, int(port)), timeout=30), end)
        connection.next_batch(waiting)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    while open_count:
        ready = selector.select(30)
        if not ready:
            raise SystemExit(f"{target} does not answer: {len(waiting)} requests are left")
        for key, _ in ready:
            if key.data.receive() and not key.data.next_batch(waiting):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                open_count -= 1


class Connection:
    """One connection and the answers that it waits for."""

    def __init__(self, connected, end):
        self.socket = connected
        self.end = end
        self.expected = 0
        self.seen = b""

    def next_batch(self, waiting):
        """Sends some of the waiting requests; false when there are none."""
        batch = waiting[-BATCH:]
        del waiting[-BATCH:]
        self.expected, self.seen = len(batch), b""
        self.socket.sendall(b"".join(batch))
        return bool(batch)

    def receive(self):
        """Takes what came; true when the batch is answered."""
        part = self.socket.recv(1 << 20)
        if not part:
            raise SystemExit("the server closed a connection in the middle of a batch")
        self.seen += part
        answered = self.seen.count(b"HTTP/1.1 ")
        if answered != self.seen.count(b"HTTP/1.1 200"):
            raise SystemExit(f"a request was refused: {self.seen[-2000:]!r}")
        # Every request of a run is answered with the same few bytes.
        return answered == self.expected and self.seen.rstrip(b"\r\n0").endswith(self.end)
