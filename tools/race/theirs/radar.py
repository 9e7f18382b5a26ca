"""Radar frames of KNMI as the networks take them, kept in memory once they are read."""

import functools
from datetime import datetime, timedelta
from pathlib import Path

import h5py
import numpy as np

NORMALISATION_MM_5MIN = 47.83
STEPS_PER_HOUR = 12
N_FRAMES = 12
STEP = timedelta(minutes=5)
ROWS, COLUMNS = slice(284, 572), slice(225, 513)
NO_DATA = 65535


@functools.lru_cache(maxsize=64)
def frame(folder, time):
    """`[288, 288]`, mm in 5 minutes over 47.83, at the end of an interval in UTC."""
    path = Path(folder) / f"RAD_NL25_RAP_5min_{time:%Y%m%d%H%M}.h5"
    with h5py.File(path) as file:
        pixels = file["image1/image_data"][ROWS, COLUMNS]
    if (pixels == NO_DATA).any():
        raise ValueError(f"{path}: pixels without data in the crop; take another time")
    return (pixels.astype(np.float64) / 100 / NORMALISATION_MM_5MIN).astype(np.float32)


def sample(folder, last):
    """`[12, 288, 288]`, oldest first; `last` is the end of the newest, as in `20100826T0535`."""
    end = datetime.strptime(last, "%Y%m%dT%H%M")
    times = [end - STEP * age for age in reversed(range(N_FRAMES))]
    return np.stack([frame(str(folder), time) for time in times])
