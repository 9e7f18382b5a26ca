"""What the paths of SSLPDL compute on: weights of the published size, fields, and one layer's points."""

import numpy as np
from safetensors.numpy import save_file

SEED = 20250228
N_VARIABLES, HEIGHT, WIDTH = 16, 224, 128
PATCH = (4, 16, 16)
DEPTHS, CHANNELS, GROUP, RATIO, HEAD, CLASSES = (4, 4, 18, 4), 64, 16, 4, 256, 3
POOLED = (1, 2, 3, 6)
# The finest level: batch, height, width, channels; groups of channels.
CORE = (1, HEIGHT // 2, WIDTH // 2, CHANNELS)
N_GROUPS = CHANNELS // GROUP


def write_core(folder):
    """A value with channels last, offsets of a pixel or so, and shares of each group's nine points."""
    random = np.random.default_rng(SEED)
    batch, height, width, _ = CORE
    arrays = {
        "value": random.normal(size=CORE),
        "offset": random.normal(size=(batch, height, width, N_GROUPS * 18)),
        "gradient": random.normal(size=CORE),
    }
    shares = np.exp(random.normal(size=(batch, height, width, N_GROUPS, 9)))
    shares /= shares.sum(-1, keepdims=True)
    arrays["modulation"] = shares.reshape(batch, height, width, -1)
    for name, values in arrays.items():
        np.save(folder / f"dcnv3_{name}.npy", values.astype(np.float32))


def write_network(folder):
    random = np.random.default_rng(SEED + 1)
    fields = random.normal(size=(N_VARIABLES, HEIGHT, WIDTH))
    np.save(folder / "sslpdl.npy", fields.astype(np.float32))
    save_file({name: values(random, name, shape) for name, shape in shapes()}, folder / "sslpdl.safetensors")


def values(random, name, shape):
    """Weights that keep the size of what goes through them."""
    if name.endswith("running_var"):
        drawn = random.uniform(0.5, 1.5, shape)
    elif len(shape) == 1:
        middle = float(name.endswith("weight"))
        drawn = middle + random.uniform(-0.1, 0.1, shape)
    else:
        drawn = random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
    return drawn.astype(np.float32)


def shapes():
    """Names and shapes of the fine-tuned network in the order of its modules, with both heads."""
    encoder = "pretrained_model.model."
    n = int(np.prod(PATCH))
    n_groups, places = N_VARIABLES // PATCH[0], (HEIGHT // PATCH[1]) * (WIDTH // PATCH[2])
    yield f"{encoder}pos_embed_spatial", (1, places, n)
    yield f"{encoder}pos_embed_temporal", (1, n_groups, n)
    yield f"{encoder}mask_token", (1, 1, n)
    yield from pair(f"{encoder}stem.conv1", (CHANNELS, N_VARIABLES, 3, 3))
    yield from pair(f"{encoder}stem.norm1.1", (CHANNELS,))
    yield from pair(f"{encoder}stem.conv2", (CHANNELS, CHANNELS, 1, 1))
    yield from pair(f"{encoder}stem.norm2.1", (CHANNELS,))
    for level, depth in enumerate(DEPTHS):
        channels, name = CHANNELS << level, f"{encoder}levels.{level}"
        for layer in range(depth):
            yield from block(f"{name}.blocks.{layer}", channels)
        yield from pair(f"{name}.norm.0", (channels,))
        if level + 1 < len(DEPTHS):
            yield f"{name}.downsample.conv.weight", (2 * channels, channels, 3, 3)
            yield from pair(f"{name}.downsample.norm.1", (2 * channels,))
    yield from pair(f"{encoder}out", (N_VARIABLES, N_VARIABLES, 3, 3))
    yield from head(f"{encoder}upper", N_VARIABLES)
    yield from pair(f"{encoder}patch_embed.proj", (n, 1, *PATCH))
    yield from pair(f"{encoder}embed", (n, n))
    yield from pair(f"{encoder}norm.0", (n,))
    yield from head("generator", CLASSES)


def block(name, n):
    points = 9 * n // GROUP
    yield from pair(f"{name}.norm1.0", (n,))
    yield from pair(f"{name}.dcn.dw_conv.0", (n, 1, 3, 3))
    yield from pair(f"{name}.dcn.dw_conv.1.1", (n,))
    yield from pair(f"{name}.dcn.offset", (2 * points, n))
    yield from pair(f"{name}.dcn.mask", (points, n))
    yield from pair(f"{name}.dcn.input_proj", (n, n))
    yield from pair(f"{name}.dcn.output_proj", (n, n))
    yield from pair(f"{name}.norm2.0", (n,))
    yield from pair(f"{name}.mlp.fc1", (RATIO * n, n))
    yield from pair(f"{name}.mlp.fc2", (n, RATIO * n))


def head(name, n_out):
    last = CHANNELS << len(DEPTHS) - 1
    for i in range(len(POOLED)):
        yield from normed(f"{name}.ppm_conv.{i}", last, last, 1)
    yield from normed(f"{name}.ppm_last_conv", last * (1 + len(POOLED)), HEAD, 3)
    for i in range(len(DEPTHS) - 1):
        yield from normed(f"{name}.fpn_in.{i}", CHANNELS << i, HEAD, 1)
    for i in range(len(DEPTHS) - 1):
        yield from normed(f"{name}.fpn_out.{i}.0", HEAD, HEAD, 3)
    yield from normed(f"{name}.conv_last.0", len(DEPTHS) * HEAD, HEAD, 3)
    yield from pair(f"{name}.conv_last.1", (n_out, HEAD, 1, 1))


def normed(name, n_in, n_out, side):
    yield f"{name}.0.weight", (n_out, n_in, side, side)
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.1.{part}", (n_out,)


def pair(name, shape):
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]
