"""Turns of both sides, and what their times say."""

import time
from dataclasses import dataclass

import numpy as np

# Between turns, so that threads that spin at the end of one do not take time from the next.
PAUSE_S = 0.1


@dataclass(frozen=True)
class Result:
    variant: str
    n_pairs: int
    # Medians, and the 10th and the 90th percentile of the pairs' ratios.
    ratio: float
    low: float
    high: float
    ours_s: float
    theirs_s: float

    def as_json(self):
        names = ["ratio", "low", "high", "ours_s", "theirs_s"]
        return {name: getattr(self, name) for name in names}


def turn(side, path, n_runs):
    time.sleep(PAUSE_S)
    return float(np.median([side.seconds(path) for _ in range(n_runs)]))


def quickest(side, path):
    """The variant of the other side that counts, after each has been warmed up."""
    names = [f"{path.name}@{variant}" for variant in side.variants(path.name)]
    for name in names:
        for _ in range(path.n_warm_up):
            side.seconds(name)
    if len(names) == 1:
        return names[0]
    # As often as it takes to tell milliseconds apart; where one run takes long, one says enough.
    n_turns = 3 if path.n_warm_up else 1
    times = {name: [turn(side, name, path.n_runs) for _ in range(n_turns)] for name in names}
    return min(names, key=lambda name: min(times[name]))


def quicker(sides, path, n_warm_up=10, n_turns=5):
    """That of two processes which does a path in less time, measured in turns."""
    for _ in range(n_warm_up):
        for side in sides:
            side.seconds(path)
    times = [[turn(side, path, 1) for side in sides] for _ in range(n_turns)]
    return sides[int(np.argmin(np.min(times, axis=0)))]


def race(ours, theirs, path, n_pairs):
    """Alternates the two sides, each of them first in every second pair."""
    name = quickest(theirs, path)
    for _ in range(path.n_warm_up):
        ours.seconds(path.name)
    pairs = []
    for i in range(n_pairs):
        entrants = [(ours, path.name), (theirs, name)]
        times = {}
        for side, what in entrants if i % 2 == 0 else reversed(entrants):
            times[side] = turn(side, what, path.n_runs) / path.n_parts
        pairs.append((times[ours], times[theirs]))
    return summary(name.partition("@")[2], np.array(pairs))


def summary(variant, pairs):
    ratios = pairs[:, 0] / pairs[:, 1]
    low, middle, high = np.percentile(ratios, [10, 50, 90])
    ours_s, theirs_s = np.median(pairs, axis=0)
    numbers = [middle, low, high, ours_s, theirs_s]
    return Result(variant, len(pairs), *map(float, numbers))
