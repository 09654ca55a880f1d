"""Tables of the benchmarks, in Markdown: a figure is the median of its rounds, with the lowest and the highest."""
import pathlib
import statistics

from goals import GOALS, goal_text, goal_verdict


def spread(values, digits=1):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def ratio(mine, other):
    return f"{statistics.median(mine) / statistics.median(other):.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def goals_table(measured):
    """measured: {name: the values of its rounds}; a goal that was not measured in this run has no row."""
    rows = []
    for goal in GOALS:
        values = measured.get(goal.name)
        if values:
            value = statistics.median(values)
            lowest, highest = goal_text(goal, min(values)), goal_text(goal, max(values))
            rows.append((goal.what, goal_text(goal, value), lowest if lowest == highest else f"{lowest} to {highest}",
                         goal_text(goal, goal.bar), goal_text(goal, goal.aim), goal_verdict(goal, value)))
    return table(["", "measured", "rounds", "bar", "aim", "holds"], rows)


def write_results(path, text):
    """Replaces what stands behind the line ## Results."""
    path = pathlib.Path(path)
    before = path.read_text().partition("## Results\n")[0] if path.exists() else ""
    path.write_text(f"{before}## Results\n\n{text}")
