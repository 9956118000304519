"""The client folders: what each holds, and how its SDK gets from the registry to `target/`.

`client.toml` of a folder:
  needs    programs that must be on the PATH, else the folder is skipped
  install  shell line that fills $CACHE from the registry by the files in $HERE (lock files)
  start    shell line that starts the driver; it gets the driver's arguments appended
  drill    shell line that starts the client of `facos drill`, where there is one
  [[client]]  one version each: `version` ($VERSION in both lines), `name` as in the table,
           `agent` as the server must see it, `first_beat_s` the earliest and latest
           first beat after registering, s; `updates` false when it neither hears of a changed
           instance nor can change its own; `heard_within_s` when it hears later than others;
           `back_within_s`, if it holds a connection, in what time its instance is back on a server
           that began anew, on 2.0.2, and `down_s` if it must be away for a while to be missed
  [client.ephemeral], [client.persistent], [client.removed]  the kinds of life, by profile:
           `lives` (yes or no; then `why`, part of what it says), `beats` (F full, L light; among
           them R register and D deregister in `removed`), `heard` (push or poll). A profile that
           is not named is not tried.
  [client.drill]  what becomes of the providers in each drill of `facos drill`
"""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Client:
    """One version of one SDK, installed."""

    name: str
    folder: pathlib.Path
    cache: pathlib.Path
    version: str
    start: str
    drill: str | None
    facts: dict

    def expected(self, kind):
        """What real servers gave in that kind of life, by profile."""
        if kind == "restarted":
            holds_on = "back_within_s" in self.facts
            return {"2.0.2": self.facts["ephemeral"]["2.0.2"]} if holds_on else {}
        return self.facts.get("ephemeral" if kind == "elsewhere" else kind, {})

    @property
    def updates(self):
        """Whether it hears of changed instances and can change its own."""
        return self.facts.get("updates", True)

    def environment(self):
        """For its shell lines, beside what this process has."""
        return os.environ | {
            "HERE": str(self.folder),
            "CACHE": str(self.cache),
            "VERSION": self.version,
        }


def folders():
    """The names of all client folders."""
    return sorted(path.parent.name for path in HERE.glob("*/client.toml"))


def ready(only, cache):
    """Installed clients of the wanted folders, then one line for each skipped and each broken."""
    clients, skipped, broken = [], [], []
    wanted = [name.partition("@") for name in only or folders()]
    for folder, _, version in wanted:
        facts = tomllib.loads((HERE / folder / "client.toml").read_text())
        missing = [program for program in facts["needs"] if shutil.which(program) is None]
        if missing:
            skipped.append(f"{folder}: {', '.join(missing)} is not installed")
            continue
        for each in facts["client"]:
            if version not in ("", each["version"]):
                continue
            client = Client(
                name=each["name"],
                folder=HERE / folder,
                cache=cache / folder / each["version"],
                version=each["version"],
                start=facts["start"],
                drill=facts.get("drill"),
                facts=each,
            )
            problem = install(client, facts["install"])
            if problem:
                broken.append(f"{client.name}: {problem}")
            else:
                clients.append(client)
    return clients, skipped, broken


def install(client, line):
    """Runs its install line unless that was done from the same files; what went wrong, or None."""
    stamp = client.cache / "installed-from"
    fingerprint = fingerprint_of(client, line)
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return None
    print(f"installing {client.name}", file=sys.stderr)
    shutil.rmtree(client.cache, ignore_errors=True)
    client.cache.mkdir(parents=True)
    done = subprocess.run(
        ["sh", "-c", f"set -e\n{line}"],
        env=client.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        return f"its install line ended with {done.returncode}\n{done.stdout[-2000:]}"
    stamp.write_text(fingerprint)
    return None


def fingerprint_of(client, line):
    """Changes with the line and any file it may read: a stale installation is never used."""
    digest = hashlib.sha256(line.encode())
    for path in sorted(path for path in client.folder.rglob("*") if path.is_file()):
        if path.name != "client.toml":
            digest.update(str(path.relative_to(client.folder)).encode() + path.read_bytes())
    return digest.hexdigest()
