"""The paths of the race: what is run how often, and what its results have to agree on."""

from dataclasses import dataclass
from typing import Callable

from . import compare


@dataclass(frozen=True)
class Path:
    name: str
    # Whose process runs it on the other side.
    side: str
    # Compares the arrays of both sides: why they differ too much, or what they differ by.
    check: Callable
    # Runs of each variant before the clock counts.
    n_warm_up: int
    # Turns of each side.
    n_pairs: int
    # Runs a turn, of which the median counts; more where a run takes milliseconds.
    n_runs: int = 1
    # What one run does so many times, and one of which is reported.
    n_parts: int = 1
    # Raced only where it is named.
    is_extra: bool = False
    # Whether the memory of new processes that do it is measured afterwards.
    has_memory: bool = False


close = compare.close

# Tolerances are relative L2 norms. Batch normalisation is folded into the weights on our side and
# computed on the other one, which costs single precision some digits; maps hang on which of two
# nearly equal values is the larger one. In HARPNET sums over a whole layer are taken in another order; rain in mm is
# the exponential of its output, which doubles the distance. Points of SSLPDL lie at some hundred pixels in single
# precision, on either side in another order of sums: what is off by 10⁻⁵ of a pixel in one of 30 layers moves the next.
# The first steps of Adam follow the signs of gradients, also of those that are nearly nothing: UNet's weights are drawn, and
# its losses of the fourth step are off by some 10⁻³.
PATHS = [
    Path("sar-forward", "pytorch", close(2e-5), 10, 25, 3),
    Path("sar-cam32", "pytorch", close(2e-3), 3, 12),
    Path("sar-script12", "pytorch", compare.pictures(step=4, share=0.99), 0, 4),
    Path("sar-script32", "pytorch", compare.pictures(step=4, share=0.99), 0, 3),
    Path("sar-ig50", "pytorch", close(5e-2, gap=None), 0, 3),
    Path("polar-forward-512", "tensorflow", close(1e-5), 10, 25, 10),
    Path("polar-forward-1024", "tensorflow", close(1e-5), 10, 25, 5),
    Path("polar-ig-point", "tensorflow", close(5e-3, path=1e-5), 5, 20, 3, n_parts=4),
    Path("figure", "matplotlib", compare.figure, 5, 25, 5),
    Path("request", "pytorch", close(2e-3, **{"figure.png": None}), 3, 12),
    Path("harpnet-tile", "pytorch", close(1e-5), 10, 25, 5),
    Path("harpnet-domain", "pytorch", close(2e-5), 3, 15, has_memory=True),
    Path("dcnv3", "pytorch", close(1e-5), 10, 25, 5, has_memory=True),
    Path("dcnv3-gradient", "pytorch", close(1e-5, of_offset=1e-4), 5, 20, 3, has_memory=True),
    Path("sslpdl-forward", "pytorch", close(1e-3), 3, 12, has_memory=True),
    Path("spat-forward", "pytorch", close(2e-5), 5, 15, has_memory=True),
    Path("spat-occlusion", "pytorch", close(2e-5, changes=1e-3), 0, 3),
    Path("spat-train-step", "pytorch", close(1e-3), 3, 12, has_memory=True),
    Path("sar-train-step", "pytorch", close(1e-3), 1, 5, has_memory=True),
    Path("unet-train-step", "pytorch", close(5e-3), 1, 5, has_memory=True),
    Path("sar-forward-folded", "pytorch", close(2e-5), 10, 25, 3, is_extra=True),
]
BY_NAME = {path.name: path for path in PATHS}
