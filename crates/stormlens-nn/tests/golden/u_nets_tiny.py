"""Reference numbers of small U-Nets for nowcasting, from PyTorch in float64.

    python u_nets_tiny.py    writes u_nets_tiny.safetensors beside this file

The networks are SmaAt-UNet (arXiv 2007.04417) with what it is compared with, and SAR-UNet (arXiv
2303.06663), with 4 channels in the first block. Everything here is written from their definitions,
as functions over named weights; the weights follow from their names (see `golden.rs`), and nothing
is shared with the program under test. Needs torch, numpy and safetensors.

Of every case are kept: points of the output and of the gradient of the input, and for every layer
16 points each of the activation, of the weighted sum of Grad-CAM and of its weights; of a training
pass the loss, the norms of the gradients and the running statistics after it. Cases of rain and cloud
cover have the published numbers of frames and no training pass.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = Path(__file__).parent
MASK = (1 << 64) - 1
BASE, RATIO = 4, 2
# Of input and output; the published ones are those of rain and of cloud cover.
SMALL, RAIN, CLOUDS = (3, 2), (12, 1), (4, 6)
N_POINTS = 16
# Large enough for a variance of the smallest maps.
TRAINING_SIZE = (32, 48)
# Of the training inputs: with most others a pooling or a ReLU stands so near a tie that rounding in
# float32 decides it, and moves gradients by up to a fifth.
SEEDS = {"u_net": 10, "sar_unet": 31}


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def from_seed(seed, n, low=0.0, high=1.0):
    random = SplitMix(seed)
    values = np.array([low + (high - low) * random.unit() for _ in range(n)])
    return torch.from_numpy(values.astype(np.float32).astype(np.float64))


def from_name(name, shape):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    last = name.rsplit(".", 1)[1]
    bounds = {"running_var": (0.6, 1.4), "running_mean": (-0.2, 0.2), "bias": (-0.1, 0.1)}.get(last)
    if bounds is None and len(shape) == 1:
        bounds = (0.7, 1.3)
    elif bounds is None:
        bound = (6.0 / np.prod(shape[1:])) ** 0.5
        bounds = (-bound, bound)
    return from_seed(seed, int(np.prod(shape)), *bounds).reshape(shape)


class Pass:
    """One run of a network: makes weights as they are asked for and shows layers."""

    def __init__(self, weights, is_training=False):
        self.weights, self.is_training = weights, is_training
        self.layers, self.statistics = {}, {}

    def weight(self, name, *shape):
        if name not in self.weights:
            weight = from_name(name, shape)
            self.weights[name] = weight.requires_grad_("running_" not in name)
        return self.weights[name]

    def show(self, name, x):
        # A leaf of the size of the activation collects its gradient.
        leaf = torch.zeros_like(x, requires_grad=True)
        self.layers[name] = (x.detach(), leaf)
        return x + leaf

    def convolution(self, name, x, n_out, side=3):
        weight = self.weight(f"{name}.weight", n_out, x.shape[1], side, side)
        return F.conv2d(x, weight, self.weight(f"{name}.bias", n_out), padding=side // 2)

    def separable(self, name, x, n_out, k):
        n_in = x.shape[1]
        depthwise = self.weight(f"{name}.depthwise.weight", n_in * k, 1, 3, 3)
        bias = self.weight(f"{name}.depthwise.bias", n_in * k)
        x = F.conv2d(x, depthwise, bias, padding=1, groups=n_in)
        return self.convolution(f"{name}.pointwise", x, n_out, 1)

    def norm(self, name, x):
        n = x.shape[1]
        weight, bias = self.weight(f"{name}.weight", n), self.weight(f"{name}.bias", n)
        mean = self.weight(f"{name}.running_mean", n).clone()
        variance = self.weight(f"{name}.running_var", n).clone()
        x = F.batch_norm(x, mean, variance, weight, bias, self.is_training, 0.1, 1e-5)
        self.statistics |= {f"{name}.running_mean": mean, f"{name}.running_var": variance}
        return x

    def double(self, name, x, mid, n_out, convolve, show_first):
        name = f"{name}.double_conv"
        x = F.relu(self.norm(f"{name}.1", convolve(f"{name}.0", x, mid)))
        x = self.show(f"{name}.2", x) if show_first else x
        return F.relu(self.norm(f"{name}.4", convolve(f"{name}.3", x, n_out)))

    def cbam(self, name, x):
        n = x.shape[1]
        flat = x.flatten(2)

        def perceptron(v):
            for part, n_from, n_to in [("1", n, n // RATIO), ("3", n // RATIO, n)]:
                layer = f"{name}.channel_att.MLP.{part}"
                weight = self.weight(f"{layer}.weight", n_to, n_from)
                v = F.linear(v, weight, self.weight(f"{layer}.bias", n_to))
                v = F.relu(v) if part == "1" else v
            return v

        channels = perceptron(flat.mean(2)) + perceptron(flat.max(2).values)
        x = x * torch.sigmoid(channels)[:, :, None, None]
        summary = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True).values], 1)
        places = F.conv2d(summary, self.weight(f"{name}.spatial_att.conv.weight", 1, 2, 7, 7), padding=3)
        return self.show(name, x * torch.sigmoid(self.norm(f"{name}.spatial_att.bn", places)))


def doubled(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def u_net(p, x, n_lead, k, n_attention):
    """`k` kernels a channel, plain convolutions where it is `None`."""
    convolve = p.convolution if k is None else lambda name, x, n: p.separable(name, x, n, k)
    skips = []
    for level in range(5):
        n = BASE * 2 ** min(level, 3)
        name, module = ("inc", "inc") if level == 0 else (f"down{level}", f"down{level}.maxpool_conv.1")
        x = F.max_pool2d(x, 2) if level else x
        x = p.show(name, p.double(module, x, n, n, convolve, True))
        skips.append(p.cbam(f"cbam{level + 1}", x) if level < n_attention else x)
    x = skips.pop()
    for level in range(1, 5):
        skip, x = skips.pop(), doubled(x)
        down, across = (skip.shape[i] - x.shape[i] for i in (2, 3))
        x = F.pad(x, [across // 2, across - across // 2, down // 2, down - down // 2])
        x = torch.cat([skip, x], 1)
        mid, n = x.shape[1] // 2, BASE * 2 ** max(3 - level, 0)
        x = p.show(f"up{level}", p.double(f"up{level}.conv", x, mid, n, convolve, True))
    return p.convolution("outc.conv", x, n_lead, 1)


def sar_unet(p, x, n_lead, k):
    def block(name, x, n, k):
        convolve = lambda name, x, n: p.separable(name, x, n, k)
        straight = p.show(f"{name}.Conv_1x1", p.convolution(f"{name}.Conv_1x1", x, n, 1))
        double = p.double(f"{name}.doubleconv.0", x, n, n, convolve, False)
        return p.show(name, straight + p.show(f"{name}.doubleconv", double))

    skips = []
    for level in range(1, 6):
        x = F.max_pool2d(x, 2) if level > 1 else x
        x = p.cbam(f"cbam{level}", block(f"RRCNN{level}", x, BASE * 2 ** (level - 1), k))
        skips.append(x)
    skips.pop()
    for level in range(5, 1, -1):
        n, up = BASE * 2 ** (level - 2), f"Up{level}.conv.conv"
        x = F.relu(p.norm(f"{up}.1", p.separable(f"{up}.0", doubled(x), n, k)))
        x = block(f"Up_RRCNN{level}", torch.cat([skips.pop(), x], 1), n, 1)
    return p.convolution("outc.conv", x, n_lead, 1)


CASES = {
    "unet": (u_net, (19, 21), dict(k=None, n_attention=0)),
    "unet-ds": (u_net, (19, 21), dict(k=2, n_attention=0)),
    "unet-attention": (u_net, (19, 21), dict(k=None, n_attention=5)),
    "smaat-unet-4cbam": (u_net, (19, 21), dict(k=2, n_attention=4)),
    "smaat-unet-1": (u_net, (19, 21), dict(k=1, n_attention=5)),
    "smaat-unet-2": (u_net, (19, 21), dict(k=2, n_attention=5)),
    "smaat-unet-4": (u_net, (32, 16), dict(k=4, n_attention=5)),
    "sar-unet-1": (sar_unet, (16, 32), dict(k=1)),
    "sar-unet-2": (sar_unet, (32, 16), dict(k=2)),
}


def points(tensor):
    flat = tensor.detach().flatten()
    n = flat.numel()
    return torch.stack([flat[(2 * j + 1) * n // (2 * N_POINTS)] for j in range(N_POINTS)])


def case(network, size, options, channels):
    n_in, n_out = channels

    def sequence(seed, n_batch, n, size):
        return from_seed(seed, n_batch * n * size[0] * size[1]).reshape(n_batch, n, *size)

    weights = {}
    p, x = Pass(weights), sequence(7, 1, n_in, size).requires_grad_()
    y = network(p, x, n_out, **options)
    mask = (torch.arange(size[0] * size[1]) % 3 == 0).reshape(size)
    score = (y[0, 0] * mask).sum()
    score.backward()
    names = sorted(p.layers)
    activations, raw, channel_weights = [], [], []
    for name in names:
        activation, leaf = p.layers[name]
        gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        weight = gradient.mean((2, 3), keepdim=True)
        activations.append(points(activation))
        raw.append(points((weight * activation).sum(1)))
        channel_weights.append(points(weight))
    out = {
        "y": y[0, :, ::2, ::2],
        "score": score[None],
        "input_gradient": x.grad[0, :, ::3, ::3],
        "activations": torch.stack(activations),
        "cam_raw": torch.stack(raw),
        "cam_weights": torch.stack(channel_weights),
    }

    print(f"{len(names)} layers, {n_learnable(weights)} parameters, score {score.item():.6f}")
    if channels == SMALL:
        out |= training_pass(network, weights, options, sequence)
    return {name: t.detach().numpy().astype(np.float32) for name, t in out.items()}


def learnable(weights):
    return sorted(name for name in weights if "running_" not in name)


def n_learnable(weights):
    return sum(weights[name].numel() for name in learnable(weights))


def training_pass(network, weights, options, sequence):
    n_in, n_out = SMALL
    for weight in weights.values():
        weight.grad = None
    p = Pass(weights, is_training=True)
    x = sequence(SEEDS[network.__name__], 2, n_in, TRAINING_SIZE)
    y = network(p, x, n_out, **options)
    loss = (y - sequence(8, 2, n_out, TRAINING_SIZE)).square().sum() / 2
    loss.backward()
    return {
        "training/loss": loss[None],
        "training/gradient_l2": torch.stack([weights[n].grad.norm() for n in learnable(weights)]),
        "training/statistics": torch.cat([p.statistics[n] for n in sorted(p.statistics)]),
    }


file = {}
for name, (network, size, options) in CASES.items():
    for kind, channels in [("", SMALL), ("/rain", RAIN), ("/clouds", CLOUDS)]:
        print(name + kind, end=": ")
        parts = case(network, size, options, channels)
        file |= {f"{name}{kind}/{part}": values for part, values in parts.items()}
file = {name: np.ascontiguousarray(values) for name, values in file.items()}
save_file(file, HERE / "u_nets_tiny.safetensors")
