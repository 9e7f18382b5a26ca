"""Reference numbers of pysteps: RainFARM, Fractions Skill Score, radial power spectrum, CRPS.

    python3 -m venv reference && reference/bin/pip install numpy pysteps
    reference/bin/python tools/rainfarm.py

Writes rainfarm.npy and rainfarm.json into crates/stormlens-data/tests/harpnet. Coarse rain is the second tile
there; phases are those of SplitMix64 with seed 7, so that both programs have the same noise. Made with pysteps 1.21.5.
"""

import json
from pathlib import Path

import numpy as np
from pysteps.downscaling import rainfarm
from pysteps.utils.spectral import rapsd
from pysteps.verification.probscores import CRPS
from pysteps.verification.spatialscores import fss

HERE = Path(__file__).resolve().parents[1] / "crates/stormlens-data/tests/harpnet"
MASK = (1 << 64) - 1


def split_mix(seed, n):
    values = []
    for _ in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        values.append(((z ^ (z >> 31)) >> 11) * 2.0**-53)
    return np.array(values)


coarse = np.load(HERE / "coarse_mm.npy").astype(float)[1, 1:9, 1:9]
phases = split_mix(7, 64 * 64).reshape(64, 64)
np.random.rand = lambda *shape: phases.reshape(shape)
fine, slope = rainfarm.downscale(coarse, 8, return_alpha=True)
steep = rainfarm.downscale(coarse, 8, alpha=2.5)
np.save(HERE / "rainfarm.npy", np.stack([fine, steep]).astype("<f4"))

# Wider rain for the scores, and a forecast that is the same rain elsewhere.
scales, thresholds = [1, 2, 3, 8, 16, 64], [0.1, 1.0, 5.0]
shifted = np.roll(fine, (3, 5), axis=(0, 1))
member = split_mix(11, 5 * 500).reshape(5, 500)
observed = split_mix(12, 500)
numbers = {
    "slope": slope,
    "fss": [[fss(shifted, fine, threshold, scale) for scale in scales] for threshold in thresholds],
    "fss_scales": scales,
    "fss_thresholds": thresholds,
    "rapsd": rapsd(fine, fft_method=np.fft).tolist(),
    "crps": CRPS(member, observed),
}
(HERE / "rainfarm.json").write_text(json.dumps(numbers, indent=1))
