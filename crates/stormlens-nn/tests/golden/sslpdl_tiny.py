"""Reference numbers of small SSLPDLs, in float64.

    python sslpdl_tiny.py    writes sslpdl_tiny.safetensors beside this file, and two checkpoints of a smaller
                             network to ../checkpoints, wrapped as PyTorch Lightning does

Written from the definition of the network; nothing is shared with the program under test or with the authors'
program: points are sampled by `grid_sample`, means over parts are plain slices. The weights follow from their names
(see `golden.rs`). Needs numpy, torch and safetensors.

Of each case: the output, what layers hold, the gradient of the input for the sum over every third pixel of the first
channel of both examples, and what Grad-CAM needs of each layer.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

MASK = (1 << 64) - 1
HEIGHT, WIDTH, N_BATCH = 16, 24, 2
FIELDS, ROWS, COLUMNS = 2, 4, 4
N_VARIABLES, CHANNELS, HEAD, GROUP, RATIO, CLASSES = 4, 8, 6, 4, 2, 3
DEPTHS = [1, 2, 1]
POOLED = [1, 2, 3, 6]


def split_mix(seed, n):
    values = np.empty(n)
    for i in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        values[i] = ((z ^ (z >> 31)) >> 11) * 2.0**-53
    return values


def weight(name, *shape):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        low, high = 0.6, 1.4
    elif last == "running_mean":
        low, high = -0.2, 0.2
    elif last == "bias":
        low, high = -0.1, 0.1
    elif last == "weight" and len(shape) in (1, 3):
        low, high = 0.7, 1.3
    else:
        high = (6.0 / np.prod(shape[1:])) ** 0.5
        low = -high
    values = low + (high - low) * split_mix(seed, int(np.prod(shape)))
    return torch.tensor(values.astype(np.float32).astype(np.float64)).reshape(shape)


class Network:
    def __init__(self, prefix, is_fine_tuned, has_layers, has_scale):
        self.prefix, self.is_fine_tuned = prefix, is_fine_tuned
        self.has_layers, self.has_scale = has_layers, has_scale
        self.shown, self.weights = {}, {}

    def w(self, name, *shape):
        self.weights[self.prefix + name] = weight(self.prefix + name, *shape)
        return self.weights[self.prefix + name]

    def show(self, name, x):
        if x.requires_grad:
            x.retain_grad()
        self.shown[name] = x
        return x

    def linear(self, name, x, n_out):
        """Of the channels, the second axis."""
        n_in = x.shape[1]
        y = torch.einsum("oi,bi...->bo...", self.w(f"{name}.weight", n_out, n_in), x)
        return y + self.w(f"{name}.bias", n_out).reshape(1, -1, *[1] * (x.dim() - 2))

    def norm(self, name, x, axis=1):
        x = x - x.mean(axis, keepdim=True)
        x = x / (x.square().mean(axis, keepdim=True) + 1e-6).sqrt()
        shape = [1] * x.dim()
        shape[axis] = x.shape[axis]
        n = x.shape[axis]
        return x * self.w(f"{name}.weight", n).reshape(shape) + self.w(f"{name}.bias", n).reshape(shape)

    def convolve(self, name, x, n_out, side, stride=1, has_bias=True):
        w = self.w(f"{name}.weight", n_out, x.shape[1], side, side)
        b = self.w(f"{name}.bias", n_out) if has_bias else None
        return F.conv2d(x, w, b, stride=stride, padding=side // 2)

    def front(self, x, hidden):
        n_groups, rows, columns = N_VARIABLES // FIELDS, HEIGHT // ROWS, WIDTH // COLUMNS
        n = FIELDS * ROWS * COLUMNS
        w = self.w("patch_embed.proj.weight", n, 1, FIELDS, ROWS, COLUMNS)
        stride = (FIELDS, ROWS, COLUMNS)
        tokens = F.conv3d(x[:, None], w, self.w("patch_embed.proj.bias", n), stride=stride)
        tokens = tokens.flatten(2).transpose(1, 2)  # [batch, tokens, values]
        w, b = self.w("embed.weight", n, n), self.w("embed.bias", n)
        embedded = tokens @ w.T + b
        embedded = torch.where(hidden[..., None], self.w("mask_token", 1, 1, n), embedded)
        spatial = self.w("pos_embed_spatial", 1, rows * columns, n).repeat(1, n_groups, 1)
        group = self.w("pos_embed_temporal", 1, n_groups, n).repeat_interleave(rows * columns, 1)
        x = self.norm("norm.0", embedded + spatial + group, 2)
        x = x.reshape(-1, n_groups, rows, columns, FIELDS, ROWS, COLUMNS)
        return torch.einsum("bthwupq->btuhpwq", x).reshape(-1, N_VARIABLES, HEIGHT, WIDTH)

    def deformable(self, name, x):
        n_batch, n, height, width = x.shape
        groups = n // GROUP
        value = self.linear(f"{name}.input_proj", x, n)
        w = self.w(f"{name}.dw_conv.0.weight", n, 1, 3, 3)
        f = F.conv2d(x, w, self.w(f"{name}.dw_conv.0.bias", n), padding=1, groups=n)
        f = F.gelu(self.norm(f"{name}.dw_conv.1.1", f))
        offset = self.show(f"{name[:-4]}.dcn.offset", self.linear(f"{name}.offset", f, groups * 18))
        shares = self.linear(f"{name}.mask", f, groups * 9).reshape(n_batch, groups, 9, height, width)
        shares = shares.softmax(2)
        self.show(f"{name[:-4]}.dcn.modulation", shares.reshape(n_batch, groups * 9, height, width))
        offset = offset.reshape(n_batch, groups, 9, 2, height, width)
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        y = []
        for g in range(groups):
            total = 0
            for k in range(9):
                across = columns + (k // 3 - 1) + offset[:, g, k, 0]
                down = rows + (k % 3 - 1) + offset[:, g, k, 1]
                place = torch.stack([(2 * across + 1) / width - 1, (2 * down + 1) / height - 1], -1)
                part = value[:, g * GROUP : (g + 1) * GROUP]
                sampled = F.grid_sample(part, place, padding_mode="zeros", align_corners=False)
                total = total + sampled * shares[:, g, k][:, None]
            y.append(total)
        return self.linear(f"{name}.output_proj", torch.cat(y, 1), n)

    def layer(self, name, x):
        n = x.shape[1]
        scale = lambda part: self.w(f"{name}.{part}", n)[:, None, None] if self.has_scale else 1
        x = x + scale("gamma1") * self.deformable(f"{name}.dcn", self.norm(f"{name}.norm1.0", x))
        inner = F.gelu(self.linear(f"{name}.mlp.fc1", self.norm(f"{name}.norm2.0", x), RATIO * n))
        return x + scale("gamma2") * self.linear(f"{name}.mlp.fc2", inner, n)

    def encode(self, x, hidden):
        x = self.convolve("stem.conv1", self.front(x, hidden), CHANNELS, 3, 2)
        x = self.convolve("stem.conv2", F.gelu(self.norm("stem.norm1.1", x)), CHANNELS, 1)
        x = self.show("stem", self.norm("stem.norm2.1", x))
        levels = []
        for level, depth in enumerate(DEPTHS):
            for j in range(depth if self.has_layers else 0):
                x = self.layer(f"levels.{level}.blocks.{j}", x)
            x = self.show(f"levels.{level}", self.norm(f"levels.{level}.norm.0", x))
            levels.append(x)
            if level + 1 < len(DEPTHS):
                name = f"levels.{level}.downsample"
                x = self.convolve(f"{name}.conv", x, 2 * x.shape[1], 3, 2, has_bias=False)
                x = self.norm(f"{name}.norm.1", x)
        return levels

    def normed(self, name, x, n_out, side):
        """Convolution, batch normalisation, GELU."""
        y = self.convolve(f"{name}.0", x, n_out, side, has_bias=False)
        of = lambda part: self.w(f"{name}.1.{part}", n_out)
        y = F.batch_norm(y, of("running_mean"), of("running_var"), of("weight"), of("bias"))
        return F.gelu(y)

    def head(self, name, levels, n_out):
        show = self.show if name == ("generator." if self.is_fine_tuned else "upper.") else lambda _, x: x
        prefix, self.prefix = self.prefix, "" if name == "generator." else self.prefix
        resize = lambda x, like: F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
        deepest = levels[-1]
        parts = [deepest]
        for i, n in enumerate(POOLED):
            parts.append(self.normed(f"{name}ppm_conv.{i}", resize(pooled(deepest, n), deepest), deepest.shape[1], 1))
        x = show("head.ppm", self.normed(f"{name}ppm_last_conv", torch.cat(parts, 1), HEAD, 3))
        maps = [x]
        for level in reversed(range(len(levels) - 1)):
            lateral = self.normed(f"{name}fpn_in.{level}", levels[level], HEAD, 1)
            x = lateral + resize(x, lateral)
            maps.append(show(f"head.fpn.{level}", self.normed(f"{name}fpn_out.{level}.0", x, HEAD, 3)))
        maps = torch.cat([resize(x, levels[0]) for x in reversed(maps)], 1)
        x = show("head.fused", self.normed(f"{name}conv_last.0", maps, HEAD, 3))
        y = self.convolve(f"{name}conv_last.1", x, n_out, 1)
        self.prefix = prefix
        return y

    def rebuild(self, levels):
        x = self.head("upper.", levels, N_VARIABLES).log_softmax(1)
        x = F.interpolate(x, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
        return self.show("reconstruction", self.convolve("out", x, N_VARIABLES, 3))

    def forward(self, x, hidden):
        levels = self.encode(x, hidden)
        if not self.is_fine_tuned:
            return self.rebuild(levels)
        self.rebuild(levels)
        y = self.head("generator.", levels, CLASSES)
        return F.interpolate(y, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)


def pooled(x, n):
    """Means over n × n parts."""
    height, width = x.shape[2:]
    part = lambda i, size: slice(i * size // n, -(-(i + 1) * size // n))
    mean = lambda i, j: x[:, :, part(i, height), part(j, width)].mean((2, 3))
    rows = [torch.stack([mean(i, j) for j in range(n)], -1) for i in range(n)]
    return torch.stack(rows, -2)


def hidden_tokens(ratio):
    n = N_VARIABLES // FIELDS * (HEIGHT // ROWS) * (WIDTH // COLUMNS)
    noise = split_mix(9, N_BATCH * n).astype(np.float32).reshape(N_BATCH, n)
    hidden = np.ones((N_BATCH, n), bool)
    for own, noise in zip(hidden, noise):
        own[np.argsort(noise, kind="stable")[: int(n * (1 - ratio))]] = False
    return torch.tensor(hidden)


def run(case, network, ratio, numbers):
    x = split_mix(7, N_BATCH * N_VARIABLES * HEIGHT * WIDTH).astype(np.float32)
    x = (np.float32(4) * x - np.float32(2)).astype(np.float64)
    x = torch.tensor(x).reshape(N_BATCH, N_VARIABLES, HEIGHT, WIDTH).requires_grad_()
    y = network.forward(x, hidden_tokens(ratio))
    chosen = (torch.arange(HEIGHT * WIDTH) % 3 == 0).reshape(HEIGHT, WIDTH)
    (y[:, 0] * chosen).sum().backward()
    numbers[f"{case}/y"] = y[:, :, ::2, ::2]
    numbers[f"{case}/input_gradient"] = x.grad[:, :, ::3, ::3]
    assert not x.grad.isnan().any()
    for name, shown in network.shown.items():
        if name == "reconstruction" and not network.is_fine_tuned:
            continue
        is_point = ".dcn." in name
        numbers[f"{case}/{name}"] = shown[:, :, ::2, ::2]
        if shown.grad is not None and not is_point and name != "reconstruction":
            weights = shown.grad.mean((2, 3))
            numbers[f"{case}/cam_weights/{name}"] = weights
            numbers[f"{case}/cam_raw/{name}"] = torch.einsum("bc,bchw->bhw", weights, shown)


numbers = {}
run("fine", Network("pretrained_model.model.", True, True, False), 0.25, numbers)
run("identity", Network("pretrained_model.model.", True, False, False), 0.0, numbers)
run("pre", Network("", False, True, True), 0.75, numbers)
numbers = {name: np.ascontiguousarray(v.detach().numpy().astype(np.float32)) for name, v in numbers.items()}
print(len(numbers), "arrays,", sum(v.nbytes for v in numbers.values()), "bytes; largest output",
      {name: float(abs(v).max()) for name, v in numbers.items() if name.endswith("/y")})
save_file(numbers, Path(__file__).with_suffix(".safetensors"))

CHANNELS, DEPTHS, HEAD, GROUP = 4, [1, 1], 2, 2
folder = Path(__file__).parent.parent / "checkpoints"
for name, prefix, is_fine_tuned in [
    ("c01_sslpdl_pre_training.ckpt", "model.", False),
    ("c02_sslpdl_fine_tuning.ckpt", "pretrained_model.model.", True),
]:
    network = Network(prefix, is_fine_tuned, True, False)
    network.forward(torch.zeros(1, N_VARIABLES, HEIGHT, WIDTH).double(), hidden_tokens(0.25)[:1])
    state = {name: tensor.float() for name, tensor in network.weights.items()}
    for norm in [name[: -len("running_var")] for name in state if name.endswith("running_var")]:
        state[f"{norm}num_batches_tracked"] = torch.tensor(7)
    if is_fine_tuned:
        for loss in ("one_hot_loss", "prob_den_loss"):
            state[f"{loss}.weight"] = torch.tensor([1.0, 5.0, 10.0])
    torch.save({"epoch": 2, "global_step": 7, "pytorch-lightning_version": "2.1.0", "state_dict": state}, folder / name)
