"""Reference numbers of small SpaT-SparKs, in float64.

    python spat_spark_tiny.py    writes spat_spark_tiny.safetensors beside this file

Written from the definition of the network; nothing is shared with the program under test or with the authors'
program: normalisation gathers the visible cells and scatters them back. The weights follow from their names (see
`golden.rs`). Needs numpy, torch and safetensors.

Of each case: the output (with the statistics of what is visible), what layers hold, the gradient of the input for the
sum over every third pixel of the first channel of both examples, and of a training pass with the loss mean(y²) / 2 the
size of the gradient of each weight and the running statistics.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

MASK = (1 << 64) - 1
N_BATCH, N_FRAMES, HEIGHT, WIDTH, SIDE = 2, 3, 64, 96, 32
BASE, DEPTHS, DECODER = 4, [2, 1, 1, 1], 64
FLOOR = 1e-3


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
    def __init__(self, translates, visible, training):
        self.translates, self.visible, self.training = translates, visible, training
        self.shown, self.weights, self.statistics = {}, {}, {}

    def w(self, name, *shape):
        if name not in self.weights:
            self.weights[name] = weight(name, *shape).requires_grad_("running" not in name)
        return self.weights[name]

    def show(self, name, x):
        if x.requires_grad:
            x.retain_grad()
        self.shown[name] = x
        return x

    def seen(self, x):
        """Which cells of a map are visible: [batch, height, width]."""
        times = x.shape[2] // self.visible.shape[1]
        return self.visible.repeat_interleave(times, 1).repeat_interleave(times, 2)

    def hide(self, x):
        return torch.where(self.seen(x)[:, None], x, torch.zeros_like(x))

    def convolve(self, name, x, n_out, side, stride=1, bias=False):
        b = self.w(f"{name}.bias", n_out) if bias else None
        return F.conv2d(x, self.w(f"{name}.weight", n_out, x.shape[1], side, side), b, stride, side // 2)

    def norm(self, name, rows):
        """Of [cells, channels]."""
        n = rows.shape[1]
        mean, variance = self.w(f"{name}.running_mean", n), self.w(f"{name}.running_var", n)
        if self.training:
            here, there = rows.mean(0), rows.var(0, unbiased=True)
            self.statistics[f"{name}.running_mean"] = (0.9 * mean + 0.1 * here).detach()
            self.statistics[f"{name}.running_var"] = (0.9 * variance + 0.1 * there).detach()
            mean, variance = here, rows.var(0, unbiased=False)
        rows = (rows - mean) / (variance + 1e-5).sqrt()
        return rows * self.w(f"{name}.weight", n) + self.w(f"{name}.bias", n)

    def sparse_norm(self, name, x):
        seen = self.seen(x)
        last = x.permute(0, 2, 3, 1)
        y = torch.zeros_like(last)
        y[seen] = self.norm(name, last[seen])
        return y.permute(0, 3, 1, 2)

    def dense_norm(self, name, x):
        last = x.permute(0, 2, 3, 1)
        return self.norm(name, last.reshape(-1, x.shape[1])).reshape(last.shape).permute(0, 3, 1, 2)

    def bottleneck(self, name, x, n, stride, is_first):
        y = self.convolve(f"{name}.conv1", x, n, 1)
        y = self.sparse_norm(f"{name}.bn1", y).relu()
        y = self.hide(self.convolve(f"{name}.conv2", y, n, 3, stride))
        y = self.sparse_norm(f"{name}.bn2", y).relu()
        y = self.sparse_norm(f"{name}.bn3", self.convolve(f"{name}.conv3", y, 4 * n, 1))
        if is_first:
            x = self.convolve(f"{name}.downsample.0", x, 4 * n, 1, stride)
            x = self.sparse_norm(f"{name}.downsample.1", x)
        return (x + y).relu()

    def encode(self, x):
        name = "sparse_encoder.sp_cnn"
        x = self.hide(self.convolve(f"{name}.conv1", x, BASE, 7, 2))
        x = self.show("encoder.stem", self.sparse_norm(f"{name}.bn1", x).relu())
        x = self.hide(F.max_pool2d(x, 3, 2, 1))
        levels = []
        for level, depth in enumerate(DEPTHS):
            for j in range(depth):
                stride = 2 if level > 0 and j == 0 else 1
                x = self.bottleneck(f"{name}.layer{level + 1}.{j}", x, BASE << level, stride, j == 0)
            x = self.show(f"encoder.{level + 1}", x)
            levels.append(x)
        return levels[::-1]

    def dense(self, i, x):
        n = x.shape[1]
        if self.translates:
            for j in range(1 if i < 2 else 2):
                x = self.convolve(f"transition.net.{i}.{2 * j}", x, n, 3, bias=True).tanh()
            x = self.show(f"translation.{i}", x)
        token = self.w(f"mask_tokens.{i}", 1, n, 1, 1)
        x = torch.where(self.seen(x)[:, None], self.sparse_norm(f"densify_norms.{i}", x), token)
        side = 1 if i == 0 else 3
        return self.show(f"densify.{i}", self.convolve(f"densify_projs.{i}", x, DECODER >> i, side, bias=True))

    def decode(self, maps):
        x = 0
        for i in range(5):
            x = x + maps[i] if i < 4 else x
            name, n = f"dense_decoder.dec.{i}", x.shape[1]
            w, b = self.w(f"{name}.up_sample.weight", n, n, 4, 4), self.w(f"{name}.up_sample.bias", n)
            x = F.conv_transpose2d(x, w, b, stride=2, padding=1)
            x = self.dense_norm(f"{name}.conv.1", self.convolve(f"{name}.conv.0", x, n, 3))
            x = F.leaky_relu(x, 0.01)
            x = self.dense_norm(f"{name}.conv.4", self.convolve(f"{name}.conv.3", x, n // 2, 3))
            x = self.show(f"decoder.{i}", x)
        return self.show("decoded", self.convolve("dense_decoder.proj", x, N_FRAMES, 1, bias=True))

    def forward(self, x):
        cells = x.reshape(N_BATCH, N_FRAMES, HEIGHT // SIDE, SIDE, WIDTH // SIDE, SIDE)
        cells = cells.permute(0, 2, 4, 1, 3, 5).flatten(3)
        means, spreads = [], []
        for example, seen in zip(cells, self.visible):
            mean, variance = example.mean(2), example.var(2, unbiased=True)
            whole = example[seen].flatten()
            means.append(torch.where(seen, mean, whole.mean()))
            spreads.append((torch.where(seen, variance, whole.var(unbiased=True)) + FLOOR**2).sqrt())
        y = self.decode([self.dense(i, x) for i, x in enumerate(self.encode(self.hide(x)))])
        large = lambda parts: torch.stack(parts)[:, None].repeat_interleave(SIDE, 2).repeat_interleave(SIDE, 3)
        return y * large(spreads) + large(means)


def frames():
    values = split_mix(7, N_BATCH * N_FRAMES * HEIGHT * WIDTH)
    return torch.tensor(values.astype(np.float32).astype(np.float64)).reshape(N_BATCH, N_FRAMES, HEIGHT, WIDTH)


def visible(hidden):
    """Which patches are seen, where these of both examples are hidden."""
    seen = torch.ones(N_BATCH, HEIGHT // SIDE, WIDTH // SIDE, dtype=torch.bool)
    for example, patches in enumerate(hidden):
        seen[example].view(-1)[patches] = False
    return seen


def every_nth(x, n):
    return x.detach()[..., ::n, ::n].numpy()


def main():
    out = {}
    for case, translates, hidden in [
        ("pre", False, [[0, 4], [2, 3, 5]]),
        ("identity", False, [[], []]),
        ("linear", True, [[1, 3], [0]]),
    ]:
        network = Network(translates, visible(hidden), False)
        x = frames().requires_grad_()
        y = network.forward(x)
        out[f"{case}/y"] = every_nth(y, 3)
        flat = y[:, 0].reshape(N_BATCH, -1)
        flat[:, ::3].sum().backward()
        out[f"{case}/input_gradient"] = every_nth(x.grad, 3)
        for name, shown in network.shown.items():
            out[f"{case}/{name}"] = every_nth(shown, 2)
            out[f"{case}/cam_weights/{name}"] = shown.grad.mean((2, 3)).numpy()
        network = Network(translates, visible(hidden), True)
        loss = network.forward(frames()).square().mean() / 2
        loss.backward()
        out[f"{case}/training/loss"] = loss.detach().numpy().reshape(1)
        for name, w in network.weights.items():
            if w.requires_grad:
                out[f"{case}/training/gradient/{name}"] = w.grad.norm().numpy().reshape(1)
        for name, values in network.statistics.items():
            out[f"{case}/training/running/{name}"] = values.numpy()
    out = {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in out.items()}
    save_file(out, Path(__file__).with_suffix(".safetensors"))


main()
