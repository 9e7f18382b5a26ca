"""Reference numbers of small HARPNETs, in float64.

    python harpnet_tiny.py    writes harpnet_tiny.safetensors beside this file

Written from the definition of the network, with plain loops over kernels and its gradient by the chain
rule; nothing is shared with the program under test or with the authors' program. The weights follow from
their names (see `golden.rs`). Needs numpy and safetensors.

Of each version: the output, the gates before and after they are enlarged, the bridge, the gradient of the
input for the sum over every third pixel, and what Grad-CAM needs of each block. Version 4 also with two
examples at once. The gradients are checked against differences here, before anything is written.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

MASK = (1 << 64) - 1
EPSILON = 1e-5


def split_mix(seed, n):
    values = np.empty(n)
    for i in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        values[i] = ((z ^ (z >> 31)) >> 11) * 2.0**-53
    return values


def as_f32(values):
    return values.astype(np.float32).astype(np.float64)


def weight(name, *shape):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    if name.endswith("bias"):
        low, high = -0.1, 0.1
    elif len(shape) == 3:  # of a normalisation
        low, high = 0.7, 1.3
    else:
        high = (6.0 / np.prod(shape[1:])) ** 0.5
        low = -high
    return as_f32(low + (high - low) * split_mix(seed, int(np.prod(shape)))).reshape(shape)


class Node:
    """An array, and how its gradient goes back to those that it was made of."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.gradient = value, parents, np.zeros_like(value)

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.gradient = np.ones_like(self.value)
        for node in reversed(order):
            for parent, back in node.parents:
                parent.gradient = parent.gradient + back(node.gradient)


def convolve(x, w, b):
    """Kernel of one or nine points, zero padding."""
    n, side = x.value.shape[-1], w.shape[-1]
    pad = side // 2

    def correlate(x, w):
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        y = np.zeros((x.shape[0], w.shape[0], n, n))
        for i in range(side):
            for j in range(side):
                y += np.einsum("oc,bchw->bohw", w[:, :, i, j], padded[:, :, i : i + n, j : j + n])
        return y

    turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    return Node(correlate(x.value, w) + b[:, None, None], [(x, lambda g: correlate(g, turned))])


def enlarge(x, w, b):
    """Transposed convolution, kernel and stride two; `w` is `[in, out, 2, 2]`."""
    n_batch, _, n, _ = x.value.shape
    y = np.zeros((n_batch, w.shape[1], 2 * n, 2 * n))
    for i in range(2):
        for j in range(2):
            y[:, :, i::2, j::2] = np.einsum("co,bchw->bohw", w[:, :, i, j], x.value)

    def back(g):
        parts = [(i, j) for i in range(2) for j in range(2)]
        return sum(np.einsum("co,bohw->bchw", w[:, :, i, j], g[:, :, i::2, j::2]) for i, j in parts)

    return Node(y + b[:, None, None], [(x, back)])


def normalise(x, w, b):
    axes = (1, 2, 3)
    centred = x.value - x.value.mean(axes, keepdims=True)
    scale = 1.0 / np.sqrt((centred**2).mean(axes, keepdims=True) + EPSILON)
    unit = centred * scale

    def back(g):
        g = g * w
        straight = g - g.mean(axes, keepdims=True)
        return scale * (straight - unit * (g * unit).mean(axes, keepdims=True))

    return Node(unit * w + b, [(x, back)])


def relu(x):
    return Node(np.maximum(x.value, 0), [(x, lambda g: g * (x.value > 0))])


def sigmoid(x):
    y = 1.0 / (1.0 + np.exp(-x.value))
    return Node(y, [(x, lambda g: g * y * (1.0 - y))])


def add(x, y):
    return Node(x.value + y.value, [(x, lambda g: g), (y, lambda g: g)])


def times(gate, x):
    return Node(
        gate.value * x.value,
        [(gate, lambda g: (g * x.value).sum(1, keepdims=True)), (x, lambda g: g * gate.value)],
    )


def join(x, y):
    n = x.value.shape[1]
    joined = np.concatenate([x.value, y.value], 1)
    return Node(joined, [(x, lambda g: g[:, :n]), (y, lambda g: g[:, n:])])


def linear(x, matrix):
    """The same linear map along rows and along columns."""
    y = np.einsum("ih,bchw,jw->bcij", matrix, x.value, matrix)
    return Node(y, [(x, lambda g: np.einsum("ih,bcij,jw->bchw", matrix, g, matrix))])


def every_second(x):
    n = x.value.shape[-1]
    return linear(x, np.eye(n)[::2])


def bilinear(x):
    """To twice the size, corners aligned."""
    n = x.value.shape[-1]
    matrix = np.zeros((2 * n, n))
    for i in range(2 * n):
        place = i * (n - 1) / (2 * n - 1)
        low = min(int(place), max(n - 2, 0))
        matrix[i, low] += 1.0 - (place - low)
        matrix[i, min(low + 1, n - 1)] += place - low
    return linear(x, matrix)


def nearest(x, n_out):
    n = x.value.shape[-1]
    return linear(x, np.eye(n)[[i * n // n_out for i in range(n_out)]])


def pool(x):
    n_batch, n_channels, n, _ = x.value.shape
    windows = x.value.reshape(n_batch, n_channels, n // 2, 2, n // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    windows = windows.reshape(n_batch, n_channels, n // 2, n // 2, 4)
    which = np.eye(4)[windows.argmax(-1)]

    def back(g):
        g = (g[..., None] * which).reshape(n_batch, n_channels, n // 2, n // 2, 2, 2)
        return g.transpose(0, 1, 2, 4, 3, 5).reshape(x.value.shape)

    return Node(windows.max(-1), [(x, back)])


class Harpnet:
    def __init__(self, version, depth, base, tile):
        self.version, self.depth, self.base, self.tile = version, depth, base, tile
        self.layers = {}

    def module(self, kind, level):
        """Lists count encoders from the top and all others from the bridge."""
        named = {"encoders": "enc", "decoders": "dec", "attn_blocks": "attn_block", "upconvs": "upconv"}
        if self.version == 1:
            return f"{named[kind]}{level + 1}"
        return self.layer(kind, level)

    def layer(self, kind, level):
        return f"{kind}.{level if kind == 'encoders' else self.depth - 1 - level}"

    def block(self, module, layer, x, n_out):
        n_in, side = x.value.shape[1], x.value.shape[-1]

        def step(x, conv, norm, n_in, kernel):
            w = weight(f"{module}.{conv}.weight", n_out, n_in, kernel, kernel)
            x = convolve(x, w, weight(f"{module}.{conv}.bias", n_out))
            of = [weight(f"{module}.{norm}.{part}", n_out, side, side) for part in ("weight", "bias")]
            return normalise(x, *of)

        path = relu(step(x, "resconvblock.0", "resconvblock.1", n_in, 3))
        path = relu(step(path, "resconvblock.3", "resconvblock.4", n_out, 3))
        straight = step(x, "shortcut.0", "shortcut.1", n_in, 1)
        self.layers[f"{layer}.resconvblock"], self.layers[f"{layer}.shortcut"] = path, straight
        return self.show(layer, add(path, straight))

    def show(self, layer, x):
        self.layers[layer] = x
        return x

    def attend(self, level, x, below, n):
        module, layer = self.module("attn_blocks", level), self.layer("attn_blocks", level)

        def conv(part, x, n_in, n_out):
            w = weight(f"{module}.{part}.weight", n_out, n_in, 1, 1)
            return convolve(x, w, weight(f"{module}.{part}.bias", n_out))

        both = add(conv("theta_x", every_second(x), n, n), conv("phi_g", below, 2 * n, n))
        psi = self.show(f"{layer}.psi", sigmoid(conv("psi", relu(both), n, 1)))
        gate = self.show(f"{layer}.gate", bilinear(psi))
        return self.show(layer, times(gate, x))

    def forward(self, x):
        if self.version < 3:
            x = nearest(x, self.tile)
        skips = []
        for level in range(self.depth):
            module, layer = self.module("encoders", level), self.layer("encoders", level)
            skips.append(self.block(module, layer, x, self.base << level))
            x = pool(skips[-1])
        x = self.block("bridge", "bridge", x, self.base << self.depth)
        for level in reversed(range(self.depth)):
            n = self.base << level
            gated = self.attend(level, skips[level], x, n)
            module = self.module("upconvs", level)
            w, b = weight(f"{module}.weight", 2 * n, n, 2, 2), weight(f"{module}.bias", n)
            x = join(enlarge(x, w, b), gated)
            x = self.block(self.module("decoders", level), self.layer("decoders", level), x, n)
        w, b = weight("final_conv.weight", 1, self.base, 1, 1), weight("final_conv.bias", 1)
        x = convolve(x, w, b)
        return relu(x) if self.version < 3 else x


def third(n):
    return (np.arange(n * n) % 3 == 0).reshape(n, n).astype(np.float64)


def run(case, values):
    """Network, input, output and the target: the sum of the output over every third pixel."""
    network, x = Harpnet(*case), Node(values)
    y = network.forward(x)
    mask = third(case[3])
    target = Node((y.value * mask).sum(), [(y, lambda g: g * mask * np.ones_like(y.value))])
    target.backward()
    return network, x, y, float(target.value)


def check_by_differences(case, values, gradient):
    """Along a few directions; weights are made again from their names."""
    for seed in range(3):
        direction = split_mix(100 + seed, values.size).reshape(values.shape) - 0.5
        step = 1e-6
        scores = [run(case, values + sign * step * direction)[3] for sign in (1, -1)]
        found, expected = (scores[0] - scores[1]) / (2 * step), (gradient * direction).sum()
        assert abs(found - expected) < 1e-6 * max(1.0, abs(expected)), (case, found, expected)


# Version, depth, base channels, tile; sides and number of the inputs.
CASES = {
    "v4": ((4, 2, 4, 16), (1, 2, 16, 16)),
    "v4-batch": ((4, 2, 4, 16), (2, 2, 16, 16)),
    "v4-deep": ((4, 3, 3, 16), (1, 2, 16, 16)),
    "v2": ((2, 2, 4, 16), (1, 1, 6, 6)),
    "v1": ((1, 3, 2, 16), (1, 1, 6, 6)),
}


def main():
    cache = {}
    make = weight

    def cached(name, *shape):
        if (name, shape) not in cache:
            cache[name, shape] = make(name, *shape)
        return cache[name, shape]

    globals()["weight"] = cached
    numbers = {}
    for name, (case, shape) in CASES.items():
        values = as_f32(split_mix(7, int(np.prod(shape)))).reshape(shape)
        network, x, y, score = run(case, values)
        check_by_differences(case, values, x.gradient)
        found = {"y": y.value, "score": np.array([score]), "input_gradient": x.gradient}
        for layer, node in network.layers.items():
            if layer.endswith((".psi", ".gate")) or layer == "bridge":
                found[layer] = node.value
            if layer.endswith((".psi", ".gate")):
                continue
            weights = node.gradient.mean((2, 3))
            found[f"cam_weights/{layer}"] = weights
            found[f"cam_raw/{layer}"] = np.einsum("bc,bchw->bhw", weights, node.value)
        for part, array in found.items():
            numbers[f"{name}/{part}"] = np.ascontiguousarray(array.astype(np.float32))
    save_file(numbers, Path(__file__).with_suffix(".safetensors"))


if __name__ == "__main__":
    main()
