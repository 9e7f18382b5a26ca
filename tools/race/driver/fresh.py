"""What a new process costs: its first pass and its memory."""

import time
from dataclasses import astuple, dataclass

import numpy as np

N_PROCESSES = 5
N_WARM = 12
# Before the memory of a path is looked at.
N_RUNS = 3
# The quicker layout of PyTorch; ours knows one only.
PATHS = {"ours": "sar-forward", "pytorch": "sar-forward@channels-last"}


@dataclass(frozen=True)
class Fresh:
    read_s: float
    first_s: float
    ratio: float
    peak_bytes: float


def median(processes):
    """Of several processes, number by number."""
    return Fresh(*np.median([astuple(process) for process in processes], axis=0))


def measure(side):
    """Of a side that has computed nothing yet. Libraries are loaded before the first clock starts,
    weights are read and prepared before the second one."""
    path = PATHS[side.name]
    side.ask("versions")
    start = time.perf_counter()
    first_s = side.seconds(path)
    read_s = time.perf_counter() - start - first_s
    times = [side.seconds(path) for _ in range(N_WARM)]
    for _ in range(3):
        side.seconds("sar-cam32")
    warm_s = float(np.median(times[N_WARM // 2 :]))
    return Fresh(read_s, first_s, first_s / warm_s, side.peak_bytes())
