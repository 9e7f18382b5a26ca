"""What the paths of SpaT-SparK compute on: weights of the published size, those of a small twin, and what that learns from."""

from dataclasses import dataclass

import numpy as np
from safetensors.numpy import save_file

from .formula import uniform

SEED = 47
LEVELS, BLOCKS, N_FRAMES = 4, 5, 12
SIDE = 128
# Upper left corners of the eight crops.
CORNERS = [(top, left) for top in (0, 144) for left in (0, 53, 107, 160)]


@dataclass(frozen=True)
class Form:
    """Channels of the stem, bottlenecks of each level, channels that the decoder begins with, and whether there is a
    translation (`linearA`)."""

    base: int
    depth: int
    decoder: int
    translates: bool


PUBLISHED = Form(64, 2, 768, False)
TWIN = Form(8, 1, 256, True)


def write_network(folder, name, form):
    tensors = {name: values(k, name, shape) for k, (name, shape) in enumerate(shapes(form))}
    save_file(tensors, folder / f"{name}.safetensors")


def write_batch(folder, frames):
    """Eight crops of twelve frames, and what is to be predicted: the same moved by a few pixels."""
    crops = np.stack([frames[:, top : top + SIDE, left : left + SIDE] for top, left in CORNERS])
    np.save(folder / "spat_train_inputs.npy", crops)
    np.save(folder / "spat_train_targets.npy", np.roll(crops, (3, 5), (2, 3)))


def values(k, name, shape):
    """By the formula of the reference numbers, numbered in the order of the authors' modules: uniform around the middle of the
    tensor's kind."""
    part = name.rsplit(".", 1)[1]
    middle, half = {"running_mean": (0.0, 0.1), "running_var": (1.0, 0.5), "bias": (0.0, 0.05)}.get(part, (1.0, 0.2))
    if name.startswith("mask_tokens"):
        middle, half = 0.0, 0.2
    elif len(shape) > 1:
        middle, half = 0.0, 1.2 * np.sqrt(3 / np.prod(shape[1:]))
    drawn = uniform(k, int(np.prod(shape)), SEED)
    return (middle + half * drawn).astype(np.float32).reshape(shape)


def shapes(form):
    """Names and shapes in the order of the authors' modules."""
    yield from encoder(form)
    for i in range(BLOCKS):
        yield from block(f"dense_decoder.dec.{i}", form.decoder >> i)
    yield from pair("dense_decoder.proj", (N_FRAMES, form.decoder >> BLOCKS, 1, 1))
    widths = [4 * form.base << level for level in reversed(range(LEVELS))]
    if form.translates:
        for i, n in enumerate(widths):
            for j in range(1 if i < 2 else 2):
                yield from pair(f"transition.net.{i}.{2 * j}", (n, n, 3, 3))
    for i, n in enumerate(widths):
        yield from norm(f"densify_norms.{i}", n)
    for i, n in enumerate(widths):
        side = 3 if i else 1
        if i or n != form.decoder:
            yield from pair(f"densify_projs.{i}", (form.decoder >> i, n, side, side))
    for i, n in enumerate(widths):
        yield f"mask_tokens.{i}", (1, n, 1, 1)


def encoder(form):
    name, n_in = "sparse_encoder.sp_cnn", form.base
    yield from normed(f"{name}.conv1", f"{name}.bn1", (form.base, N_FRAMES, 7, 7))
    for level in range(LEVELS):
        n = form.base << level
        for j in range(form.depth):
            layer = f"{name}.layer{level + 1}.{j}"
            for i, shape in enumerate([(n, n_in, 1, 1), (n, n, 3, 3), (4 * n, n, 1, 1)], 1):
                yield from normed(f"{layer}.conv{i}", f"{layer}.bn{i}", shape)
            if j == 0:
                yield from normed(f"{layer}.downsample.0", f"{layer}.downsample.1", (4 * n, n_in, 1, 1))
            n_in = 4 * n


def block(name, n):
    yield from pair(f"{name}.up_sample", (n, n, 4, 4))
    yield from normed(f"{name}.conv.0", f"{name}.conv.1", (n, n, 3, 3))
    yield from normed(f"{name}.conv.3", f"{name}.conv.4", (n // 2, n, 3, 3))


def normed(convolution, normalisation, shape):
    yield f"{convolution}.weight", shape
    yield from norm(normalisation, shape[0])


def norm(name, n):
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (n,)


def pair(name, shape):
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]
