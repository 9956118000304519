"""What a life showed, and in what it differs from the same life on a real server."""

import dataclasses

from facos import Server

# The bounds of a period of 5 s on a busy machine, s.
PERIOD_S = 4, 8
LINES = 20


@dataclasses.dataclass
class Verdict:
    """One line of the table, and what stands below it."""

    client: str
    profile: str
    kind: str
    problem: str | None
    beats: str
    first_beat_s: float | None
    heard_by: str
    heard_after_s: list
    differences: list
    evidence: list


def judge(life):
    """The verdict of a life that was lived, while its server is still there."""
    try:
        records = life.server.journal(life.service)
    except OSError as error:
        records, life.signs = [], []
        life.problem = f"{life.problem or 'lived'}; then the journal: {error}"
    operations = [record["operation"] for record in records]
    at_s = [(record["time"] - records[0]["time"]) / 1000 for record in life.signs]
    beats_s = [s for s, record in zip(at_s, life.signs) if record["operation"] == "beat"]
    verdict = Verdict(
        client=life.client.name,
        profile=life.server.profile,
        kind=life.kind,
        problem=life.problem,
        beats="".join(letter(record) for record in life.signs),
        first_beat_s=beats_s[0] if beats_s else None,
        heard_by="push" if "ack" in operations else "poll" if "list" in operations else "-",
        heard_after_s=life.heard_after_s,
        differences=[],
        evidence=[],
    )
    verdict.differences = differences(life, verdict, records, beats_s)
    if verdict.differences:
        verdict.evidence = life.noise + [journal_line(record) for record in records[-LINES:]]
        verdict.evidence.append(f"the server's log is {life.server.log}")
    return verdict


def differences(life, verdict, records, beats_s):
    """One sentence each."""
    if life.problem and life.expected["lives"] == "no" and life.expected["why"] in life.problem:
        return []
    if life.problem:
        return [life.problem]
    agents = {record.get("agent") for record in records if record.get("port") == life.ports[0]}
    # Somebody who took the instance away is no agent of the client.
    agents -= {Server.AGENT}
    found = [
        compared("lives", "yes", life.expected["lives"]),
        compared("heard by", verdict.heard_by, life.expected["heard"]),
        compared("beats", verdict.beats, life.awaited),
        compared("agent", ", ".join(sorted(agents)), life.client.facts["agent"]),
        late(life, beats_s),
    ]
    return [difference for difference in found if difference]


def compared(what, seen, wanted):
    return None if seen == wanted else f"{what}: {seen or 'none'}, not {wanted or 'none'}"


def late(life, beats_s):
    """Whether the first beat or the pause before a later one was out of bounds."""
    earliest_s, latest_s = life.client.facts["first_beat_s"]
    if beats_s and not earliest_s <= beats_s[0] <= latest_s:
        return f"first beat after {beats_s[0]:.1f} s, not {earliest_s} to {latest_s} s"
    pauses_s = [after_s - before_s for before_s, after_s in zip(beats_s, beats_s[1:])]
    if any(not PERIOD_S[0] <= pause_s <= PERIOD_S[1] for pause_s in pauses_s):
        return f"beats at {beats_s} s, not each 5 s"
    return None


def letter(record):
    """F for a full beat, L for a light one, R and D for coming and going; status if refused."""
    if record["operation"] == "beat":
        shape = {"query": "F", "body": "F", "absent": "L"}.get(record["beat"], "?")
    else:
        shape = record["operation"][0].upper()
    return shape if record["status"] == 200 else f"{shape}({record['status']})"


def journal_line(record):
    """A record of the journal as evidence."""
    names = ["time", "operation", "ip", "port", "agent", "beat", "status"]
    return " ".join(str(record.get(name, "-")) for name in names)
