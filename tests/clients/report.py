"""The table, and below it what differs from the real servers with the evidence."""

import dataclasses
import json

HEADS = ["client", "profile", "lives", "beats", "first beat", "heard by", "after", "verdict"]


def show(verdicts, skipped, broken, seconds, output):
    """Prints everything in the asked form."""
    if output == "json":
        lives = [dataclasses.asdict(verdict) for verdict in verdicts]
        print(json.dumps({"lives": lives, "skipped": skipped, "broken": broken}, indent=2))
        return
    lines = [HEADS, *map(row, verdicts)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
    for verdict in verdicts:
        if verdict.differences:
            print(f"\n{verdict.client} on {verdict.profile}, {verdict.kind}:")
            print("".join(f"  {text}\n" for text in verdict.differences), end="")
            print("".join(f"    | {text}\n" for text in verdict.evidence), end="")
    print("".join(f"broken: {text}\n" for text in broken), end="")
    print("".join(f"skipped: {text}\n" for text in skipped), end="")
    differ = sum(bool(verdict.differences) for verdict in verdicts)
    print(
        f"{len(verdicts) - differ} lives as on real servers, {differ} not, "
        f"{len(broken)} clients broken, {len(skipped)} skipped, in {seconds:.0f} s"
    )


def row(verdict):
    """One life in the table."""
    heard_s = " ".join(f"{seconds:.1f}" for seconds in verdict.heard_after_s)
    return [
        verdict.client,
        verdict.profile,
        "no" if verdict.problem else "yes",
        verdict.beats or "-",
        "-" if verdict.first_beat_s is None else f"{verdict.first_beat_s:.1f} s",
        verdict.heard_by,
        f"{heard_s} s" if heard_s else "-",
        "DIFFERS" if verdict.differences else "as real",
    ]
