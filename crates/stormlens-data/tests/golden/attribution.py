"""Makes attribution.json: a small attribution through the published post-processing, by SciPy.

The attribution is made up (seeded), [3, 24, 24] in the middle of 40 x 40 zeros; every step runs on
the 40 x 40 picture, as in the published program, and the 24 x 24 centre is kept.
"""

import json

import numpy as np
from scipy import ndimage

SIDE, MARGIN = 24, 8
rng = np.random.default_rng(20220906)
noise = rng.standard_normal((3, SIDE, SIDE))
blobs = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 2.0) * 6
attribution = (1e-3 * (noise + 2.0 * blobs)).astype(np.float32)
attribution[:, :, :5] = 0.0


def threshold(values, percent):
    if percent == 100:
        return values.min()
    descending = np.sort(np.abs(values).ravel())[::-1]
    held = 100.0 * np.cumsum(descending) / values.sum()
    return descending[np.where(held >= percent)[0][0]]


def visualise(whole, sign, above, below, cleanup):
    sized = np.clip(whole, 0, 1) if sign > 0 else np.abs(np.clip(whole, -1, 0))
    values = sized.mean(axis=0, dtype=np.float32)
    high, low = threshold(values, 100 - above), threshold(values, 100 - below)
    shares = np.clip((np.abs(values) - low) / (high - low), 0, 1) * np.sign(values)
    if cleanup:
        shares = ndimage.grey_closing(shares, structure=np.ones((3, 3)))
        shares = ndimage.grey_opening(shares, structure=np.ones((3, 3)))
    return shares, float(high), float(low)


def outline(shares):
    filled = ndimage.binary_fill_holes(shares > 0.001)
    labels, n = ndimage.label(filled, structure=np.ones((3, 3)))
    areas = [(int((labels == i).sum()), i) for i in range(1, n + 1)]
    areas = sorted(areas, key=lambda area: area[0], reverse=True)
    held = np.cumsum([area for area, _ in areas])
    last = min(int(np.where(held >= 0.9 * filled.sum())[0][0]), 2)
    kept = np.isin(labels, [i for _, i in areas[: last + 1]])
    return kept & ~ndimage.binary_erosion(kept)


whole = np.pad(attribution, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
centre = np.s_[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
cases = []
for sign, above, below, cleanup in [
    (1, 99, 0, False),
    (-1, 99, 0, False),
    (1, 99, 45, True),
    (-1, 95, 30, True),
    (1, 90, 60, False),
    (1, 100, 40, False),
]:
    shares, high, low = visualise(whole, sign, above, below, cleanup)
    cases.append(
        dict(
            polarity="positive" if sign > 0 else "negative",
            above=above,
            below=below,
            cleanup=cleanup,
            high=high,
            low=low,
            map=[round(float(v), 6) for v in shares[centre].ravel()],
            outline=[int(v) for v in np.flatnonzero(outline(shares)[centre])],
        )
    )
with open("attribution.json", "w") as file:
    values = [float(f"{v:.9g}") for v in attribution.ravel()]
    json.dump(dict(side_px=SIDE, attribution=values, cases=cases), file, separators=(",", ":"))
