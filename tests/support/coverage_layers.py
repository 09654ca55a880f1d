"""Prints line coverage by layer from gcovr's JSON summary; fails when a layer is under the minimum (percent)."""
import collections
import json
import sys

summary, minimum = sys.argv[1], float(sys.argv[2])
layers = collections.defaultdict(lambda: [0, 0])
files = []
for row in json.load(open(summary, encoding="utf-8"))["files"]:
    parts = row["filename"].split("/")
    layer = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
    layers[layer][0] += row["line_covered"]
    layers[layer][1] += row["line_total"]
    files.append((row["line_total"] - row["line_covered"], row["filename"], row["line_covered"], row["line_total"]))

low = []
for layer, (covered, total) in sorted(layers.items()):
    percent = 100.0 * covered / total if total else 100.0
    if percent < minimum:
        low.append(layer)
    print(f"{layer:<20} {covered:>6} of {total:>6} lines {percent:>6.1f} %{'  under the minimum' if percent < minimum else ''}")
print("most lines not executed:")
for missing, name, covered, total in sorted(files, reverse=True)[:10]:
    print(f"  {name:<36} {missing:>5} of {total}")
if low or not layers:
    sys.exit(f"under {minimum:.0f} %: {', '.join(low) or 'nothing was counted'}")
