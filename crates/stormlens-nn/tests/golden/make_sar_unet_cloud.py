"""Cuts `sar_unet_cloud.safetensors` out of the full-size reference vectors.

    python make_sar_unet_cloud.py REFERENCE.safetensors

REFERENCE holds what the authors' own program computed for SAR-UNet (cloud cover, 4 -> 6 frames at
256 x 256) with weights that follow from their names (see `golden.rs`), so that no weights need to
be stored. Kept are: the binary input, packed; every tapped layer's statistics and probes; the raw
CAMs and the output on every n-th row and column; channel weights of the CAMs.
"""

import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

KEPT_POINTS = 32  # a side

with safe_open(sys.argv[1], "np") as f:
    names = list(f.keys())
    read = f.get_tensor
    layers = [n.split("/", 1)[1] for n in names if n.startswith("cam_raw/")]
    x = read("x")
    assert set(np.unique(x)) <= {0.0, 1.0}
    out = {
        "x_bits": np.packbits(x.astype(np.uint8).ravel()),
        "mask_bits": np.packbits(read("mask").astype(np.uint8).ravel()),
        "target_sum": read("target_sum"),
        "y": read("y")[:, :, ::16, ::16].copy(),
        "grad_input_l2": np.array([np.linalg.norm(read("grad_input").astype(np.float64))]),
        "grad_input": read("grad_input")[:, :, ::16, ::16].copy(),
    }
    for layer in layers:
        raw = read("cam_raw/" + layer)
        step = max(1, raw.shape[0] // KEPT_POINTS)
        out["cam_raw/" + layer] = raw[::step, ::step].copy()
        out["cam_weights/" + layer] = read("cam_weights/" + layer)
    for name in names:
        if name.startswith("cam/"):
            out[name] = read(name)[::8, ::8].copy()
        kind, _, module = name.partition("/")
        if kind in ("stat", "probe") and module in layers:
            out[name] = read(name)

save_file(out, "sar_unet_cloud.safetensors")
