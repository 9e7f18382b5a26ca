"""Two runs of measure.py side by side, cold and warm, at the width of a desktop and of a phone.

Usage: compare_tables.py BEFORE.json AFTER.json
"""

import json
import sys

COLUMNS = {
    "first paint, ms": lambda row: f"{row['first_contentful_paint_ms']:.0f}",
    "largest paint, ms": lambda row: f"{row['largest_contentful_paint_ms']:.0f}",
    "layout shift": lambda row: f"{row['layout_shift']:.3f}",
    "requests": lambda row: str(row["requests"]),
    "kB": lambda row: f"{sum(row['bytes'].values()) / 1000:.0f}",
}


def main():
    before, after = (json.load(open(file)) for file in sys.argv[1:3])
    old = {(row["page"], row["size"], row["state"]): row for row in before}
    print(f"| page | width | cache | {' | '.join(COLUMNS)} |")
    print(f"|---|---|---|{'--:|' * len(COLUMNS)}")
    for row in after:
        place = (row["page"], row["size"], row["state"])
        if place in old:
            cells = [f"{of(old[place])} → {of(row)}" for of in COLUMNS.values()]
            print(f"| {' | '.join([*place, *cells])} |")


if __name__ == "__main__":
    main()
