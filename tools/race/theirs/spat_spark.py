"""SpaT-SparK in PyTorch, under the names of its checkpoints.

Input `[batch, 12, height, width]` with zeros where it is hidden; output of the same shape. Hidden cells of the encoder's maps
are set to zero behind every convolution with its normalisation, as the authors' program does it with dense tensors.
"""

import torch
from torch import nn
from torch.nn import functional as F

SIDE, FLOOR = 32, 1e-3
N_FRAMES, LEVELS, BLOCKS = 12, 4, 5


class Visible:
    """Which patches are seen, `[batch, 1, rows, columns]`, enlarged once for each size of a map."""

    def __init__(self, seen):
        self.seen, self.sizes = seen, {}

    def __call__(self, x):
        size = x.shape[2:]
        if size not in self.sizes:
            times = size[0] // self.seen.shape[2]
            self.sizes[size] = self.seen.repeat_interleave(times, 2).repeat_interleave(times, 3)
        return self.sizes[size]


def hide(x, visible):
    return x if visible is None else x.mul_(visible(x))


class Bottleneck(nn.Module):
    def __init__(self, n_in, n, stride, is_first):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(n_in, n, 1, bias=False), nn.BatchNorm2d(n)
        self.conv2, self.bn2 = nn.Conv2d(n, n, 3, stride, 1, bias=False), nn.BatchNorm2d(n)
        self.conv3, self.bn3 = nn.Conv2d(n, 4 * n, 1, bias=False), nn.BatchNorm2d(4 * n)
        straight = [nn.Conv2d(n_in, 4 * n, 1, stride, bias=False), nn.BatchNorm2d(4 * n)]
        self.downsample = nn.Sequential(*straight) if is_first else None

    def forward(self, x, visible):
        y = hide(F.relu_(self.bn1(self.conv1(x))), visible)
        y = hide(F.relu_(self.bn2(self.conv2(y))), visible)
        y = hide(self.bn3(self.conv3(y)), visible)
        straight = x if self.downsample is None else hide(self.downsample(x), visible)
        return F.relu_(y.add_(straight))


class Encoder(nn.Module):
    def __init__(self, base, depth):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(N_FRAMES, base, 7, 2, 3, bias=False), nn.BatchNorm2d(base)
        n_in = base
        for level in range(LEVELS):
            n, layers = base << level, []
            for j in range(depth):
                layers.append(Bottleneck(n_in, n, 2 if level and not j else 1, j == 0))
                n_in = 4 * n
            setattr(self, f"layer{level + 1}", nn.ModuleList(layers))

    def forward(self, x, visible):
        x = hide(F.relu_(self.bn1(self.conv1(x))), visible)
        x = hide(F.max_pool2d(x, 3, 2, 1), visible)
        levels = []
        for level in range(LEVELS):
            for layer in getattr(self, f"layer{level + 1}"):
                x = layer(x, visible)
            levels.append(x)
        return levels


class Sparse(nn.Module):
    def __init__(self, base, depth):
        super().__init__()
        self.sp_cnn = Encoder(base, depth)


class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.up_sample = nn.ConvTranspose2d(n, n, 4, 2, 1)
        self.conv = nn.Sequential(
            nn.Conv2d(n, n, 3, padding=1, bias=False),
            nn.BatchNorm2d(n),
            nn.LeakyReLU(inplace=True),
            nn.Conv2d(n, n // 2, 3, padding=1, bias=False),
            nn.BatchNorm2d(n // 2),
        )

    def forward(self, x):
        return self.conv(self.up_sample(x))


class Decoder(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.dec = nn.ModuleList(Block(n >> i) for i in range(BLOCKS))
        self.proj = nn.Conv2d(n >> BLOCKS, N_FRAMES, 1)

    def forward(self, maps):
        x = maps[0]
        for i, block in enumerate(self.dec):
            x = block(x + maps[i] if 0 < i < len(maps) else x)
        return self.proj(x)


class Translation(nn.Module):
    """`linearA`"""

    def __init__(self, widths):
        super().__init__()
        step = lambda n: [nn.Conv2d(n, n, 3, padding=1), nn.Tanh()]
        self.net = nn.ModuleList(
            nn.Sequential(*(step(n) if i < 2 else step(n) + step(n))) for i, n in enumerate(widths)
        )


def statistics(x, visible):
    """Mean and spread of each patch, `[batch, rows, columns]`; of hidden ones those of all that is seen."""
    n_batch, _, height, width = x.shape
    patches = x.view(n_batch, N_FRAMES, height // SIDE, SIDE, width // SIDE, SIDE)
    variance, mean = torch.var_mean(patches, (1, 3, 5))
    if visible is not None:
        seen, n = visible.seen[:, 0], N_FRAMES * SIDE * SIDE
        n_seen = seen.sum((1, 2), keepdim=True)
        whole = (mean * seen).sum((1, 2), keepdim=True) / n_seen
        squares = (variance * (n - 1) + (mean - whole).square() * n) * seen
        of_whole = squares.sum((1, 2), keepdim=True) / (n_seen * n - 1)
        mean, variance = torch.where(seen > 0, mean, whole), torch.where(seen > 0, variance, of_whole)
    return mean, (variance + FLOOR**2).sqrt()


class SpatSpark(nn.Module):
    def __init__(self, base, depth, decoder, translates):
        super().__init__()
        widths = [4 * base << level for level in reversed(range(LEVELS))]
        self.sparse_encoder, self.dense_decoder = Sparse(base, depth), Decoder(decoder)
        self.transition = Translation(widths) if translates else None
        self.densify_norms = nn.ModuleList(nn.BatchNorm2d(n) for n in widths)
        self.densify_projs = nn.ModuleList(projection(i, n, decoder >> i) for i, n in enumerate(widths))
        self.mask_tokens = nn.ParameterList(torch.zeros(1, n, 1, 1) for n in widths)

    def densify(self, i, x, visible):
        x = hide(self.densify_norms[i](x), visible)
        if visible is not None:
            x = x.addcmul_(self.mask_tokens[i], 1 - visible(x))
        return self.densify_projs[i](x)

    def forward(self, x, visible=None):
        mean, spread = statistics(x, visible)
        maps = self.sparse_encoder.sp_cnn(x, visible)[::-1]
        if self.transition is not None:
            maps = [step(x) for step, x in zip(self.transition.net, maps)]
        y = self.dense_decoder([self.densify(i, x, visible) for i, x in enumerate(maps)])
        of_pixels = lambda x: x[:, None].repeat_interleave(SIDE, 2).repeat_interleave(SIDE, 3)
        return torch.addcmul(of_pixels(mean), y, of_pixels(spread))


def projection(i, n_in, n_out):
    if i:
        return nn.Conv2d(n_in, n_out, 3, padding=1)
    return nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)


def load(path, **sizes):
    """The network with the weights of a safetensors file; counters of batches are not in it."""
    from safetensors.torch import load_file

    network = SpatSpark(**sizes)
    missing, unexpected = network.load_state_dict(load_file(path), strict=False)
    wrong = [name for name in [*missing, *unexpected] if not name.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(f"other tensors than the network's: {wrong[:3]}")
    return network


def published(path):
    """That of the published size, for everything but training."""
    return load(path, base=64, depth=2, decoder=768, translates=False).eval().requires_grad_(False)


def twin(path):
    """The small one, to be trained."""
    return load(path, base=8, depth=1, decoder=256, translates=True)
