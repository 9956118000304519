"""Results as a table or as JSON, and what they mean."""

import json

BELOW = "below floor"


def mark(value, floor, goal=None):
    """A ratio against its floor and its goal; more is better."""
    if value < floor:
        return BELOW
    return "goal" if goal is not None and value >= goal else "ok"


def mark_limit(value, limit):
    """A measure against its limit; less is better."""
    return "ok" if value <= limit else BELOW


def table(titles, rows):
    """Columns as wide as they must be, the first to the left and numbers to the right."""
    cells = [titles] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def ratios_text(results):
    titles = [
        "profile workload", "static/s", "facos/s", "ratio", "from", "to", "floor", "goal",
        "static us", "facos us", "static p99 ms", "facos p99 ms", "RSS MB", "mark",
    ]
    rows = [
        [
            f"{r['profile']} {r['workload']}", f"{r['static_per_s']:.0f}",
            f"{r['facos_per_s']:.0f}", f"{r['ratio']:.2f}", f"{r['ratio_min']:.2f}",
            f"{r['ratio_max']:.2f}", f"{r['floor']:.2f}", f"{r['goal']:.2f}",
            f"{r['static_cpu_us']:.1f}", f"{r['facos_cpu_us']:.1f}",
            f"{r['static_p99_us'] / 1000:.2f}", f"{r['facos_p99_us'] / 1000:.2f}",
            f"{r['facos_rss_mb']:.0f}", r["mark"],
        ]
        for r in results
    ]
    note = (
        "ratio: requests per second, facos to static, median of the rounds (from, to: extremes)\n"
        "us: processor time of the server per request"
    )
    return f"{table(titles, rows)}\n{note}"


def limits_text(results):
    rows = [
        [r["what"], f"{r['value']:.1f}", r["unit"], r.get("limit", ""), r["mark"]]
        for r in results
    ]
    return table(["measure", "value", "unit", "limit", "mark"], rows)


def show(results, text, output):
    """Prints to stdout; the exit code is 4 when something is below its floor."""
    print(json.dumps(results, indent=1) if output == "json" else text(results), flush=True)
    return 4 if any(result["mark"] == BELOW for result in results) else 0
