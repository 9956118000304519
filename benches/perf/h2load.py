"""h2load with one unary call of gRPC, made again and again."""

import re
import subprocess
import tempfile


def framed(kind, body):
    """A payload of Nacos behind gRPC's prefix, by hand: two fields of protocol buffers."""
    about = field(3, kind.encode())
    message = field(2, about) + field(3, field(2, body.encode()))
    return b"\0" + len(message).to_bytes(4, "big") + message


def field(number, value):
    """A field of bytes, whose length is a number of seven bits at a time."""
    length, rest = b"", len(value)
    while rest >= 0x80:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + value


def run(address, kind, body, connections, seconds):
    """One call after the other on each connection; raises when any fails."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(framed(kind, body))
        file.flush()
        command = ["h2load", "-t2", f"-c{connections}", "-m1", f"-D{seconds}", "-d", file.name]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        command.append(f"http://{address}/Request/request")
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
    if done.returncode or counts is None or int(counts[1]) == 0 or int(counts[3]):
        raise SystemExit(f"h2load failed:\n{done.stdout}\n{done.stderr}")
    _, longest, mean = re.search(r"time for request: +(\S+) +(\S+) +(\S+)", done.stdout).groups()
    return {
        "requests": int(counts[1]), "duration_us": seconds * 1e6,
        "p50_us": microseconds(mean), "p99_us": microseconds(longest),
        "max_us": microseconds(longest),
    }


def microseconds(text):
    """h2load's `1.25ms`."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
