"""What HARPNET's paths compute on: weights, a tile, and the rain and the terrain of a domain."""

import numpy as np
from safetensors.numpy import save_file

from .formula import uniform

SEED = 21
TILE = 64
BASE = 64
# Thirteen tiles of two degrees, nine of them side by side and four across their edges.
SOUTH, WEST, SIDE_DEG = 37.0, -115.0, 6
STEP_DEG, FINE_DEG = 0.05, 0.03125


def write(folder):
    save_file(weights(), folder / "harpnet.safetensors")
    random = np.random.default_rng(SEED)
    tile = np.stack([waves(random, TILE), waves(random, TILE) ** 2 / 4])
    np.save(folder / "harpnet_tile.npy", tile.astype(np.float32))
    # Half a degree around the domain, where the outermost tiles take their padding from.
    side = round((SIDE_DEG + 1) / STEP_DEG) + 1
    # In mm; rain everywhere, so that all thirteen tiles need the network.
    np.save(folder / "harpnet_rain.npy", np.exp(waves(random, side)).astype(np.float32))
    height_m = 1500 + 700 * waves(random, round(SIDE_DEG / FINE_DEG))
    np.save(folder / "harpnet_elevation.npy", height_m.astype(np.float32))


def waves(random, side, n=24):
    """A map `[side, side]` with mean 0 and deviation about 1: a few waves of different lengths."""
    y, x = np.mgrid[:side, :side] / side
    field = np.zeros((side, side))
    for _ in range(n):
        angle, phase = random.uniform(0, 2 * np.pi, 2)
        frequency = 2 * np.pi * random.uniform(0.5, 12)
        field += np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return field / np.sqrt(n / 2)


def weights():
    """By the formula of the reference numbers, numbered in the order of the authors' modules."""
    return {name: values(k, name, shape) for k, (name, shape) in enumerate(shapes())}


def values(k, name, shape):
    """Uniform around the middle of the tensor's kind."""
    if len(shape) == 4:
        middle, half = 0.0, 1.2 * np.sqrt(3 / np.prod(shape[1:]))
    elif len(shape) == 3 and name.endswith("weight"):
        middle, half = 1.0, 0.2
    else:
        middle, half = 0.0, 0.05
    drawn = uniform(k, int(np.prod(shape)), SEED)
    return (middle + half * drawn).astype(np.float32).reshape(shape)


def shapes():
    """Names and shapes of the published network: two levels and the bridge below them."""
    yield from block("encoders.0", 2, BASE, TILE)
    yield from block("encoders.1", BASE, 2 * BASE, TILE // 2)
    yield from block("bridge", 2 * BASE, 4 * BASE, TILE // 4)
    for place, channels in enumerate((2 * BASE, BASE)):
        yield from pair(f"upconvs.{place}", (2 * channels, channels, 2, 2), channels)
    for place, channels in enumerate((2 * BASE, BASE)):
        name = f"attn_blocks.{place}"
        yield from pair(f"{name}.theta_x", (channels, channels, 1, 1), channels)
        yield from pair(f"{name}.phi_g", (channels, 2 * channels, 1, 1), channels)
        yield from pair(f"{name}.psi", (1, channels, 1, 1), 1)
    yield from block("decoders.0", 4 * BASE, 2 * BASE, TILE // 2)
    yield from block("decoders.1", 2 * BASE, BASE, TILE)
    yield from pair("final_conv", (1, BASE, 1, 1), 1)


def block(name, n_in, n_out, side):
    for place, n in zip((0, 3), (n_in, n_out)):
        yield from pair(f"{name}.resconvblock.{place}", (n_out, n, 3, 3), n_out)
        yield from norm(f"{name}.resconvblock.{place + 1}", n_out, side)
    yield from pair(f"{name}.shortcut.0", (n_out, n_in, 1, 1), n_out)
    yield from norm(f"{name}.shortcut.1", n_out, side)


def pair(name, shape, n_out):
    yield f"{name}.weight", shape
    yield f"{name}.bias", (n_out,)


def norm(name, channels, side):
    for part in ("weight", "bias"):
        yield f"{name}.{part}", (channels, side, side)
