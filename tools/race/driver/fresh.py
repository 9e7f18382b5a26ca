"""What a new process costs: its first pass and its memory."""

from dataclasses import dataclass

import numpy as np

N_WARM = 12


@dataclass(frozen=True)
class Fresh:
    first_s: float
    warm_s: float
    peak_bytes: int | None


def measure(side):
    """Of a side that has computed nothing yet. Weights are read before the clock starts."""
    first_s = side.seconds("sar-forward")
    times = [side.seconds("sar-forward") for _ in range(N_WARM)]
    for _ in range(3):
        side.seconds("sar-cam32")
    return Fresh(first_s, float(np.median(times[N_WARM // 2 :])), side.peak_bytes())
