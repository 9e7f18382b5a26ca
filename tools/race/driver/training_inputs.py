"""What steps of training compute on: a batch of radar frames, and weights for UNet."""

import numpy as np
from safetensors.numpy import save_file

SEED = 160192
HEIGHT, WIDTH = 160, 192
# Upper left corners of the four crops.
CORNERS = [(0, 0), (0, 96), (128, 0), (128, 96)]


def write_batch(folder, frames):
    """Four crops of twelve frames, and what is to be predicted: the last frame moved by a few pixels."""
    crops = [frames[:, top : top + HEIGHT, left : left + WIDTH] for top, left in CORNERS]
    np.save(folder / "train_inputs.npy", np.stack(crops))
    targets = [np.roll(crop[-1:], (3, 5), (1, 2)) for crop in crops]
    np.save(folder / "train_targets.npy", np.stack(targets))


def write_unet(folder):
    random = np.random.default_rng(SEED)
    save_file({name: values(random, name, shape) for name, shape in shapes()}, folder / "unet.safetensors")


def values(random, name, shape):
    """Uniform, of PyTorch's scale for convolutions."""
    kind = name.rsplit(".", 1)[1]
    if kind == "running_var" or (kind == "weight" and len(shape) == 1):
        return np.ones(shape, np.float32)
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    bound = np.prod(shape[1:]) ** -0.5
    return random.uniform(-bound, bound, shape).astype(np.float32)


def shapes():
    """Names and shapes as the authors' modules have them, for 12 frames in and one out."""
    doubles = [("inc", 12, 64, 64)]
    widths = [64, 128, 256, 512, 512]
    for n, (n_in, n_out) in enumerate(zip(widths, widths[1:]), 1):
        doubles.append((f"down{n}.maxpool_conv.1", n_in, n_out, n_out))
    ups = [(1024, 512, 256), (512, 256, 128), (256, 128, 64), (128, 64, 64)]
    doubles += [(f"up{n}.conv", *sizes) for n, sizes in enumerate(ups, 1)]
    for name, n_in, n_middle, n_out in doubles:
        yield from convolved(f"{name}.double_conv", 0, n_in, n_middle)
        yield from convolved(f"{name}.double_conv", 3, n_middle, n_out)
    yield from [("outc.conv.weight", (1, 64, 1, 1)), ("outc.conv.bias", (1,))]


def convolved(name, i, n_in, n_out):
    yield from [(f"{name}.{i}.weight", (n_out, n_in, 3, 3)), (f"{name}.{i}.bias", (n_out,))]
    for part in ["weight", "bias", "running_mean", "running_var"]:
        yield f"{name}.{i + 1}.{part}", (n_out,)
