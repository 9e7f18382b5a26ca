"""Reference numbers of published packages for scores of rain forecasts. See README.md.

Writes verification/fields.npz and verification/reference.json into crates/stormlens-data/tests.
"""

import contextlib
import io
import json
import os
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("PYSTEPSRC", "")
with contextlib.redirect_stdout(io.StringIO()):
    import pysteps  # noqa: F401
import numpy as np
import xarray as xr
from pysteps.utils.spectral import rapsd
from pysteps.verification import detcatscores, detcontscores, salscores, spatialscores
from scipy import ndimage
from scores import continuous
from scores.categorical import BinaryContingencyManager
from scores.spatial import fss_2d
from sklearn import metrics

OUTPUT = Path(__file__).resolve().parents[2] / "crates/stormlens-data/tests/verification"
PACKAGES = ["pysteps", "scores", "scikit-learn", "numpy", "scipy", "scikit-image", "pandas", "xarray"]
THRESHOLDS = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0]
# No larger than the smallest map, which `scores` demands.
SCALES = [1, 2, 5, 9, 16, 33, 45]
MISSING = 65535
# Small objects too: pysteps leaves out those below 50 pixels and those whose tops are 10 pixels apart otherwise.
OBJECTS = {"minsize": 4, "mindis": 3}
# Pairs without such objects and without drizzle: SAL of pysteps in one call.
WHOLE = ["dry margin", "oblong"]


def rain(random, shape, n, margin, drizzle=False):
    """Hundredths of mm/h: n oval showers; without drizzle nothing lies above 0 and below 0.12 mm/h."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    total = np.zeros(shape)
    for _ in range(n):
        cy, cx = (random.uniform(margin, length - margin) for length in shape)
        a, b, turn = random.uniform(2, 6), random.uniform(2, 6), random.uniform(0, np.pi)
        along = np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy)
        across = np.cos(turn) * (y - cy) - np.sin(turn) * (x - cx)
        total += random.uniform(2, 14) * np.exp(-((along / a) ** 2 + (across / b) ** 2) / 2)
    hundredths = np.round(100 * total).astype(np.uint16)
    hundredths[hundredths < (1 if drizzle else 12)] = 0
    # Some pixels are exactly as much as a threshold.
    near = (hundredths > 470) & (hundredths < 530)
    hundredths[near] = 500
    return hundredths


def moved(random, field, by, factor):
    """A forecast that is displaced, too weak or too strong, and spotty where it rains."""
    spotty = np.roll(field, by, (0, 1)) * factor * random.uniform(0.8, 1.2, field.shape)
    hundredths = np.round(spotty).astype(np.uint16)
    hundredths[hundredths < 12] = 0
    return hundredths


def pairs():
    """Forecast and observation by name."""
    random = np.random.default_rng(2008)
    square = (64, 64)
    inside = rain(random, square, 5, 24)
    found = {"dry margin": (moved(random, inside, (2, -3), 0.8), inside)}
    edges = rain(random, square, 9, 0)
    found["edges"] = (moved(random, edges, (-4, 5), 1.3), edges)
    forecast, gaps = rain(random, square, 8, 0), rain(random, square, 8, 0)
    gaps[np.add.outer(np.arange(64), np.arange(64)) > 96] = MISSING
    forecast[:, :5] = MISSING
    forecast[20:24, 30:37] = MISSING
    found["missing"] = (forecast, gaps)
    found["drizzle"] = (rain(random, square, 6, 0, True), rain(random, square, 7, 0, True))
    found["dry forecast"] = (np.zeros(square, np.uint16), rain(random, square, 4, 10))
    found["dry observation"] = found["dry forecast"][::-1]
    found["oblong"] = (rain(random, (45, 60), 6, 0), rain(random, (45, 60), 5, 0))
    return found


def mm_h(hundredths):
    """In float32, missing as NaN."""
    return np.where(hundredths == MISSING, np.nan, hundredths / 100).astype(np.float32)


def agreed(what, numbers, may_lack=()):
    """The number of all packages, None where it is undefined or infinite, and which they are."""
    finite = {name: float(value) if np.isfinite(value) else None for name, value in numbers.items()}
    kept = {name: value for name, value in finite.items() if value is not None or name not in may_lack}
    first, *others = kept.values()
    close = lambda value: value is not None and np.isclose(value, first, rtol=1e-9, atol=1e-12)
    assert all(value is None if first is None else close(value) for value in others), (what, numbers)
    return first, set(kept)


def known(pair):
    """Values where both are known: pysteps takes what is missing for no event."""
    both = np.isfinite(pair[0]) & np.isfinite(pair[1])
    return pair[0][both], pair[1][both]


def events(all_pairs, threshold):
    """Of one pair, or of several together."""
    table = detcatscores.det_cat_fct_init(threshold)
    for pair in all_pairs:
        detcatscores.det_cat_fct_accum(table, *known(pair))
    p = detcatscores.det_cat_fct_compute(table, "")
    yes, occurred = (np.concatenate(part) > threshold for part in zip(*map(known, all_pairs)))
    s = BinaryContingencyManager(xr.DataArray(yes.astype(float)), xr.DataArray(occurred.astype(float))).transform()
    k = {"y_true": occurred, "y_pred": yes}
    counts = [int(table[key]) for key in ["hits", "misses", "false_alarms", "correct_negatives"]]
    assert counts == metrics.confusion_matrix(occurred, yes, labels=[True, False]).ravel().tolist()
    numbers = {
        "precision": {"scikit-learn": metrics.precision_score(**k, zero_division=np.nan), "scores": s.precision()},
        "recall": {
            "pysteps": p["POD"],
            "scores": s.probability_of_detection(),
            "scikit-learn": metrics.recall_score(**k, zero_division=np.nan),
        },
        "accuracy": {"pysteps": p["ACC"], "scores": s.accuracy(), "scikit-learn": metrics.accuracy_score(**k)},
        "f1": {"pysteps": p["F1"], "scikit-learn": metrics.f1_score(**k, zero_division=np.nan)},
        "csi": {"pysteps": p["CSI"], "scores": s.critical_success_index()},
        "far": {"pysteps": p["FAR"], "scores": s.false_alarm_ratio()},
        "frequency_bias": {"pysteps": p["BIAS"], "scores": s.frequency_bias()},
        "hss": {"pysteps": p["HSS"], "scores": s.heidke_skill_score()},
        "ets": {"pysteps": p["GSS"], "scores": s.equitable_threat_score()},
    }
    # pysteps goes by POD, which is undefined where nothing was observed; the ratio of counts is not.
    found = {name: agreed((name, threshold), n, ["pysteps"] if name == "ets" else []) for name, n in numbers.items()}
    return counts, found


def errors(all_pairs):
    sums = detcontscores.det_cont_fct_init()
    for pair in all_pairs:
        detcontscores.det_cont_fct_accum(sums, *known(pair))
    p = detcontscores.det_cont_fct_compute(sums, "")
    f, o = (np.concatenate(part) for part in zip(*map(known, all_pairs)))
    fx, ox = xr.DataArray(f), xr.DataArray(o)
    numbers = {
        "mse_mm2_per_5min2": {
            "pysteps": p["MSE"] / 144,
            "scores": continuous.mse(fx, ox) / 144,
            "scikit-learn": metrics.mean_squared_error(o, f) / 144,
        },
        "mae_mm_h": {
            "pysteps": p["MAE"],
            "scores": continuous.mae(fx, ox),
            "scikit-learn": metrics.mean_absolute_error(o, f),
        },
        "bias_mm_h": {"pysteps": p["ME"], "scores": continuous.additive_bias(fx, ox)},
        "correlation": {"pysteps": p["corr_p"], "scores": continuous.correlation.pearsonr(fx, ox)},
    }
    return {name: agreed(name, n) for name, n in numbers.items()}


def fraction_sums(pair, threshold, scale):
    """Fractions of what is known, by definition: no package has this rule."""
    both = np.isfinite(pair[0]) & np.isfinite(pair[1])
    box = lambda mask: ndimage.uniform_filter(mask.astype(float), scale, mode="constant") * scale**2
    n = np.round(box(both))[both]
    return [np.round(box(both & (map_ >= threshold)))[both] / n for map_ in pair]


def left_out(all_pairs, threshold, scale):
    parts = [fraction_sums(pair, threshold, scale) for pair in all_pairs]
    product = sum((f * o).sum() for f, o in parts)
    squares = sum((f**2 + o**2).sum() for f, o in parts)
    return 2 * product / squares


def fractions_of(all_pairs, threshold, scale, margin):
    """As pysteps has it (missing and beyond the edge are dry), as we do, and as `scores` has it."""
    sums = spatialscores.fss_init(threshold, scale)
    for pair in all_pairs:
        spatialscores.fss_accum(sums, *pair)
    dry = spatialscores.fss_compute(sums)
    ours = {"definition": left_out(all_pairs, threshold, scale)}
    ask = {"event_threshold": threshold, "window_size": (scale, scale), "spatial_dims": ["y", "x"]}
    ask["threshold_operator"] = np.greater_equal
    maps = [xr.DataArray(map_, dims=["y", "x"]) for map_ in all_pairs[0]]
    if margin >= scale:
        # No neighbourhood that crosses the edge has rain. `scores` leaves those out and says 0 where nothing rains.
        ours |= {"pysteps": dry, "scores": np.nan if np.isnan(dry) else fss_2d(*maps, **ask)}
    there = {"scores": np.nan}
    if len(all_pairs) == 1 and not np.isnan(dry):
        # pysteps and one dry row and column more.
        more = [np.pad(map_, ((0, 1), (0, 1))) for map_ in all_pairs[0]]
        there = {"scores": fss_2d(*maps, zero_padding=True, **ask), "pysteps": spatialscores.fss(*more, threshold, scale)}
    what = ("fss", threshold, scale)
    return agreed(what, {"pysteps": dry}), agreed(what, ours), agreed(what, there)


def margin_of(pair):
    """Pixels between any rain and the edge; none where a pixel is missing."""
    wet = np.isnan(pair).any(axis=0) | (np.nan_to_num(pair) > 0).any(axis=0)
    rows, columns = (np.flatnonzero(wet.any(axis=axis)) for axis in (1, 0))
    height, width = wet.shape
    return 0 if np.isnan(pair).any() else int(min(rows[0], columns[0], height - 1 - rows[-1], width - 1 - columns[-1]))


def objects(map_, threshold):
    limits = {"minref": threshold, "minmax": threshold, "maxref": threshold + 1e-5, "mindiff": 1e-5}
    found = salscores._sal_detect_objects(map_, None, None, OBJECTS | limits)
    # So that this compares one definition: objects that touch by corners only are two for pysteps.
    labels, n = ndimage.label(map_ >= threshold, np.ones((3, 3)))
    sizes = sorted(np.bincount(labels.ravel())[1:])
    theirs = sorted(int((np.nan_to_num(image) > 0).sum()) for image in found.intensity_image)
    assert sizes == theirs, (sizes, theirs)
    return found


def structure(pair):
    """SAL by the parts of pysteps, with thresholds of 1/15 of the 95th percentile above 0.1 mm/h."""
    both = np.isfinite(pair[0]) & np.isfinite(pair[1])
    # Not NaN: an object with one in the box around it has no centre for pysteps, which leaves its distance out but
    # not its rain.
    maps = [np.where(both, map_, 0.0) for map_ in pair]
    if any(not (map_ > 0.1).any() for map_ in maps):
        return None
    volumes, distances = [], []
    for map_ in maps:
        found = objects(map_, np.quantile(map_[map_ > 0.1], 0.95) / 15)
        volumes.append(salscores._sal_scaled_volume(found))
        own = salscores._sal_detect_objects
        try:
            salscores._sal_detect_objects = lambda *_, found=found: found
            distances.append(salscores._sal_weighted_distance(map_, None, None, None))
        finally:
            salscores._sal_detect_objects = own
    s = (volumes[0] - volumes[1]) / (0.5 * (volumes[0] + volumes[1]))
    l2 = 2 * abs(distances[0] - distances[1]) / np.hypot(*maps[0].shape)
    return [s, salscores.sal_amplitude(*maps), salscores._sal_l1_param(*maps) + l2]


def middle(map_):
    side = min(map_.shape)
    top, left = ((length - side) // 2 for length in map_.shape)
    return map_[top : top + side, left : left + side]


def spectra(all_pairs):
    """Means over pairs without missing pixels, of the middle square, from one wave in a side on."""
    squares = [[middle(map_) for map_ in pair] for pair in all_pairs]
    whole = [pair for pair in squares if np.isfinite(pair).all()]
    if not whole:
        return None
    power = [[rapsd(map_, fft_method=np.fft)[1:] for map_ in pair] for pair in whole]
    return np.mean(power, axis=0).tolist()


def reference(name, all_pairs):
    tables = [events(all_pairs, threshold) for threshold in THRESHOLDS]
    of = lambda found: {"values": [value for value, _ in found], "of": sorted(set.intersection(*(by for _, by in found)))}
    margin = min(map(margin_of, all_pairs))
    fss = [[fractions_of(all_pairs, t, s, margin) for s in SCALES] for t in THRESHOLDS]
    rule = lambda place: of([numbers[place] for row in fss for numbers in row])
    found = [values for values in map(structure, all_pairs) if values is not None]
    return {
        "name": name,
        "counts": [counts for counts, _ in tables],
        "events": {score: of([found[score] for _, found in tables]) for score in tables[0][1]},
        "errors": {score: of([number]) for score, number in errors(all_pairs).items()},
        "fractions_dry": rule(0),
        "fractions_left_out": rule(1),
        "fractions_one_more": rule(2) if len(all_pairs) == 1 else None,
        "structure": np.mean(found, axis=0).tolist() if found else None,
        "spectra": spectra(all_pairs),
    }


def main():
    fields = {name: np.stack([mm_h(map_) for map_ in pair]) for name, pair in pairs().items()}
    # What float32 holds, in float64: the packages compare with thresholds in the kind of number that they get.
    numbers = {name: tuple(pair.astype(float)) for name, pair in fields.items()}
    cases = [reference(name, [pair]) for name, pair in numbers.items()]
    cases.append(reference("together", [pair for name, pair in numbers.items() if name != "oblong"]))
    for name in WHOLE:
        assert np.allclose(structure(numbers[name]), salscores.sal(*numbers[name], thr_factor=1 / 15), rtol=1e-12)
    OUTPUT.mkdir(exist_ok=True)
    np.savez_compressed(OUTPUT / "fields.npz", **{name.replace(" ", "_"): pair for name, pair in fields.items()})
    packages = {name: version(name) for name in PACKAGES}
    head = {"made_by": "tools/verification/reference.py", "packages": packages}
    head |= {"thresholds_mm_h": THRESHOLDS, "scales_px": SCALES, "cases": cases}
    (OUTPUT / "reference.json").write_text(json.dumps(head) + "\n")
    for file in sorted(OUTPUT.glob("*.*")):
        print(file.stat().st_size, "bytes in", file.name)


if __name__ == "__main__":
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        main()
