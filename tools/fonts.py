"""Cuts Inter down to the characters that pages and figures use.

Usage: fonts.py FOLDER_WITH_INTER_WOFF2 static/fonts   (needs fonttools and brotli)

Writes Inter-Regular and Inter-SemiBold, each as .ttf (figures are measured and drawn with it) and as
.woff2 (pages, and SVG files that carry their font).
Contextual alternates are left out, so that every renderer shapes the same text alike.
"""

import sys
from pathlib import Path

from fontTools import subset

CHARACTERS = [
    *range(0x20, 0x7F),  # ASCII
    *range(0xA0, 0x180),  # Latin-1 and Latin Extended-A: the names of people and places
    0x394, 0x3A3, 0x3BC,  # Δ Σ μ
    *range(0x2010, 0x2016), *range(0x2018, 0x201F), 0x2020, 0x2022, 0x2026, 0x2030, 0x2032, 0x2033,
    0x2039, 0x203A, 0x2044, 0x2070, *range(0x2074, 0x208F), 0x20AC, 0x2122,
    *range(0x2190, 0x2194), *range(0x2196, 0x219A),  # arrows
    0x2206, 0x2211, 0x2212, 0x2219, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265,
    0x25A0, 0x25A1, 0x25B2, 0x25B6, 0x25BC, 0x25C0, 0x25CF, 0x2713, 0x2715,
]
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum", "case"]


def cut(source: Path, target: Path, flavor: str | None) -> None:
    options = subset.Options(layout_features=FEATURES, flavor=flavor, hinting=False)
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    # Both weights belong to one family, so that bold text finds the semi-bold face.
    font["name"].setName("Inter", 16, 3, 1, 0x409)
    font["name"].setName(source.stem.removeprefix("Inter-"), 17, 3, 1, 0x409)
    subset.save_font(font, str(target), options)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name in ["Inter-Regular", "Inter-SemiBold"]:
        cut(source / f"{name}.woff2", target / f"{name}.ttf", None)
        cut(source / f"{name}.woff2", target / f"{name}.woff2", "woff2")


if __name__ == "__main__":
    main()
