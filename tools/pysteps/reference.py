"""Reference numbers of pysteps for forecasts of rain. See README.md.

Writes forecast/pysteps.npz into crates/stormlens-data/tests.
"""

import contextlib
import io
import os
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("PYSTEPSRC", "")
with contextlib.redirect_stdout(io.StringIO()):
    import pysteps  # noqa: F401
import cv2
import h5py
import numpy as np
from pysteps import feature, motion, nowcasts
from pysteps.cascade.bandpass_filters import filter_gaussian
from pysteps.cascade.decomposition import decomposition_fft
from pysteps.extrapolation.semilagrangian import extrapolate
from pysteps.noise.fftgenerators import initialize_nonparam_2d_fft_filter
from pysteps.timeseries.autoregression import adjust_lag2_corrcoef2, estimate_ar_params_yw
from pysteps.timeseries.correlation import temporal_autocorrelation
from pysteps.tracking.lucaskanade import track_features
from pysteps.utils.images import morph_opening
from pysteps.utils.transformation import dB_transform

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "crates/stormlens-data/tests/forecast/pysteps.npz"
PACKAGES = ["pysteps", "numpy", "scipy", "opencv-python-headless"]
TIMES = ["0325", "0330", "0335"]
# A part with a corner that the radar does not see, and the middle that networks see.
PART, MIDDLE = np.s_[230:358, 200:360], np.s_[284:572, 225:513]
SEEN = np.s_[..., 1::4, 2::4]
STEPS = [1, 3, 6]
THRESHOLD, DRY, LEVELS = -10.0, -15.0, 6
N_MEMBERS = 48


def rain(time, part):
    """mm/h, as float32 holds it."""
    with h5py.File(ROOT / f"data/knmi/RAD_NL25_RAP_5min_20100826{time}.h5") as file:
        values = file["image1/image_data"][part]
    mm_h = np.where(values == 65535, np.nan, values * 0.01 * 12.0)
    return mm_h.astype(np.float32).astype(np.float64)


def decibels(mm_h):
    return dB_transform(mm_h, threshold=0.1, zerovalue=DRY)[0]


def mm_h(db):
    return dB_transform(db, {"transform": "dB"}, threshold=THRESHOLD, zerovalue=0.0, inverse=True)[0]


def turning(height, width):
    """A motion that is written down in one line, so that both sides know it exactly."""
    y, x = np.mgrid[:height, :width].astype(float)
    return np.stack([2.3 + 0.02 * (y - height / 2), -1.4 - 0.015 * (x - width / 2)])


def corners(image, **_):
    """As pysteps asks OpenCV for corners, but without making the first rows of the picture black."""
    image = np.ma.masked_invalid(image)
    lowest, highest = image.min(), image.max()
    unknown = np.ma.getmaskarray(image).astype("uint8")
    near = cv2.dilate(unknown, np.ones((5, 5), np.uint8))
    picture = ((image.filled(lowest) - lowest) / (highest - lowest) * 255).astype("uint8")
    found = cv2.goodFeaturesToTrack(picture, 1000, 0.01, 10, mask=1 - near, blockSize=5)
    return found[:, 0, :]


def motion_of(db, detection=None):
    """Dense motion, with pysteps' own corners or others."""
    own = feature.get_method
    feature.get_method = (lambda _: detection) if detection else own
    try:
        return motion.get_method("lucaskanade")(db)
    finally:
        feature.get_method = own


def tracked(before, after):
    """Corners and vectors of a pair of frames, before anything is removed."""
    images = []
    for frame in (before, after):
        image = np.ma.masked_invalid(frame)
        np.ma.set_fill_value(image, image.min())
        images.append(morph_opening(image, image.min(), 3))
    return np.hstack(track_features(*images, corners(images[0]).astype(np.float32)))


def aligned(frames, velocity):
    """As in S-PROG: the last frames where their rain is now, without missing values."""
    moved = [extrapolate(f, velocity, 2 - i, "min", allow_nonfinite_values=True)[-1] for i, f in enumerate(frames[:2])]
    moved = np.stack([*moved, frames[2]])
    for frame in moved:
        frame[~np.isfinite(frame)] = np.nanmin(frame)
    return moved


def cascade_numbers(moved):
    bands = filter_gaussian(moved.shape[1:], LEVELS)
    cascades = [decomposition_fft(f, bands, normalize=True, compute_stats=True) for f in moved]
    phi = []
    for level in range(LEVELS):
        lag_1, lag_2 = temporal_autocorrelation(np.stack([c["cascade_levels"][level] for c in cascades]))
        lag_2 = adjust_lag2_corrcoef2(lag_1, lag_2)
        phi.append(estimate_ar_params_yw([lag_1, lag_2]))
    last = cascades[-1]
    return {
        "cascade": last["cascade_levels"][SEEN],
        "cascade_scales": np.stack([last["means"], last["stds"]]),
        "autoregression": phi,
    }


def sprog(frames, velocity, matching):
    forecast = nowcasts.get_method("sprog")
    db = forecast(
        frames, velocity, max(STEPS), precip_thr=THRESHOLD, n_cascade_levels=LEVELS, probmatching_method=matching
    )
    return mm_h(db)[[step - 1 for step in STEPS]][SEEN]


def steps(frames, velocity, perturbation):
    forecast = nowcasts.get_method("steps")
    db = forecast(
        frames, velocity, max(STEPS), n_ens_members=N_MEMBERS, n_cascade_levels=LEVELS, precip_thr=THRESHOLD,
        kmperpixel=1.0, timestep=5, vel_pert_method=perturbation, seed=24,
    )
    members = mm_h(db)[:, [step - 1 for step in STEPS]][SEEN]
    return members.mean(axis=0), members.std(axis=0, ddof=1)


def numbers():
    parts = np.stack([rain(time, PART) for time in TIMES])
    middles = np.stack([decibels(rain(time, MIDDLE)) for time in TIMES])
    db = np.stack([decibels(part) for part in parts])
    turn = turning(*db.shape[1:])
    found = {"tracked_part": tracked(*db[:2]), "tracked_middle": tracked(*middles[:2])}
    for name, detection in [("motion", None), ("motion_all_rows", corners)]:
        found[f"{name}_part"] = motion_of(db, detection)[SEEN]
        found[f"{name}_middle"] = motion_of(middles, detection)[..., 2::8, 3::8]
    moved = extrapolate(parts[-1], turn, max(STEPS), allow_nonfinite_values=True)
    found["extrapolated"] = moved[[step - 1 for step in STEPS]][SEEN]
    moved = aligned(db, turn)
    found["aligned"] = moved[:2][SEEN]
    found |= cascade_numbers(moved)
    found["noise_amplitudes"] = initialize_nonparam_2d_fft_filter(moved)["field"][::4, ::4]
    found["sprog_cdf"] = sprog(db, turn, "cdf")
    found["sprog_mean"] = sprog(db, turn, "mean")
    found["steps_mean"], found["steps_deviation"] = steps(db, turn, None)
    found["steps_bps_mean"], found["steps_bps_deviation"] = steps(db, turn, "bps")
    return found


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        arrays = numbers()
    arrays = {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in arrays.items()}
    OUTPUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUTPUT, **arrays)
    print(", ".join(f"{package} {version(package)}" for package in PACKAGES))
    for name, values in arrays.items():
        print(name, values.shape, float(np.isnan(values).mean().round(3)))
    print(OUTPUT.stat().st_size, "bytes")
