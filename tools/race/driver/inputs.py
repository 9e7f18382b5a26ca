"""What both sides compute on, as `.npy` files."""

import sys

import numpy as np

from . import harpnet_inputs, spat_spark_inputs, sslpdl_inputs, training_inputs

SAMPLE = "20100826T0535"
SEED = 20220330


def write(folder, root, paths):
    """The frames of a sample, scenes of noise for the polar-low network, weights and fields for HARPNET, a map to draw,
    and what steps of training and the paths of SSLPDL and SpaT-SparK need: up to a quarter of a gigabyte of weights, only
    where they are raced."""
    sys.path.append(str(root / "tools/race/theirs"))
    import radar

    frames = radar.sample(root / "data/knmi", SAMPLE)
    np.save(folder / "sar.npy", frames)
    for side in (512, 1024):
        np.save(folder / f"polar_{side}.npy", noise(side, SEED + side))
    # Not constant: where all pixels are equal, gradients hang on which of them a pooling takes.
    np.save(folder / "polar_512_baseline.npy", noise(512, SEED) * np.float32(0.1))
    harpnet_inputs.write(folder)
    np.save(folder / "figure_cam.npy", hills())
    if {"sar-train-step", "unet-train-step"} & set(paths):
        training_inputs.write_batch(folder, frames)
    if "unet-train-step" in paths:
        training_inputs.write_unet(folder)
    if any(path.startswith("dcnv3") for path in paths):
        sslpdl_inputs.write_core(folder)
    if "sslpdl-forward" in paths:
        sslpdl_inputs.write_network(folder)
    if {"spat-forward", "spat-occlusion"} & set(paths):
        spat_spark_inputs.write_network(folder, "spat_spark", spat_spark_inputs.PUBLISHED)
    if "spat-train-step" in paths:
        spat_spark_inputs.write_network(folder, "spat_twin", spat_spark_inputs.TWIN)
        spat_spark_inputs.write_batch(folder, frames)


def noise(side, seed):
    """A scene `[3, side, side]` in 0 to 1, smooth enough to have structure at all scales."""
    random = np.random.default_rng(seed)
    scene = np.zeros((3, side, side))
    for size in (4, 16, 64, side):
        patches = random.random((3, size, size))
        scene += patches.repeat(side // size, 1).repeat(side // size, 2) / 4
    return scene.astype(np.float32)


def hills(side=288, n=12):
    """A map `[side, side]` in 0 to 1: a few hills."""
    random = np.random.default_rng(SEED)
    y, x = np.mgrid[:side, :side]
    top, left = random.uniform(0, side, (2, n))
    width = random.uniform(8, 40, n)
    hill = lambda i: np.exp(-((y - top[i]) ** 2 + (x - left[i]) ** 2) / (2 * width[i] ** 2))
    field = sum(hill(i) for i in range(n))
    return (field / field.max()).astype(np.float32)
