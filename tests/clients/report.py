"""The table, and below it what differs from the real servers with the evidence."""

import json

HEADS = ["client", "profile", "lives", "beats", "first beat", "heard by", "after", "verdict"]


def show(lives, skipped, broken, seconds, output):
    """Prints everything in the asked form."""
    rows = [row(life) for life in lives]
    if output == "json":
        facts = {"lives": [as_json(life) for life in lives], "skipped": skipped, "broken": broken}
        print(json.dumps(facts, indent=2))
        return
    widths = [max(len(line[column]) for line in [HEADS, *rows]) for column in range(len(HEADS))]
    for line in [HEADS, *rows] if rows else []:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
    for life in lives:
        if life.differences:
            print(f"\n{life.client.name} on {life.server.profile}, {life.kind}:")
            print("".join(f"  {text}\n" for text in life.differences), end="")
            print("".join(f"    | {text}\n" for text in life.evidence), end="")
    print("".join(f"broken: {text}\n" for text in broken), end="")
    print("".join(f"skipped: {text}\n" for text in skipped), end="")
    differ = sum(bool(life.differences) for life in lives)
    print(
        f"{len(lives) - differ} lives as on real servers, {differ} not, "
        f"{len(broken)} clients broken, {len(skipped)} skipped, in {seconds:.0f} s"
    )


def row(life):
    """One life in the table."""
    return [
        life.client.name,
        life.server.profile,
        "no" if life.problem else "yes",
        life.beats or "-",
        f"{life.beats_at_s[0]:.1f} s" if life.beats_at_s else "-",
        life.heard_by,
        " ".join(f"{seconds:.1f}" for seconds in life.heard_after_s) + " s",
        "DIFFERS" if life.differences else "as real",
    ]


def as_json(life):
    """One life for programs."""
    return {
        "client": life.client.name,
        "profile": life.server.profile,
        "instances": life.kind,
        "lives": not life.problem,
        "problem": life.problem,
        "beats": life.beats,
        "beats_at_s": life.beats_at_s,
        "heard_by": life.heard_by,
        "heard_after_s": life.heard_after_s,
        "differences": life.differences,
        "evidence": life.evidence if life.differences else [],
    }
