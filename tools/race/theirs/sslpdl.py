"""SSLPDL in PyTorch from tensor operations, under the names of its checkpoints; nothing is hidden.

Input `[batch, 16, 224, 128]`; output logits `[batch, 3, 224, 128]`. Layers of the encoder have channels last, as
InternImage has them.
"""

import torch
from torch import nn
from torch.nn import functional as F

PATCH = (4, 16, 16)
DEPTHS, CHANNELS, GROUP, RATIO, HEAD, CLASSES = (4, 4, 18, 4), 64, 16, 4, 256, 3
POOLED = (1, 2, 3, 6)
N_VARIABLES = 16


def places(offset, groups, scale=1.0):
    """Where points lie, `[batch · groups, height · width, 9, 2]`, as `grid_sample` has it, from offsets in pixels."""
    n_batch, height, width, _ = offset.shape
    offset = offset.view(n_batch, height, width, groups, 9, 2)
    taps = torch.arange(3.0) - 1
    grid = torch.stack(torch.meshgrid(taps, taps, indexing="ij"), -1).reshape(9, 2)
    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    centre = torch.stack([columns, rows], -1)[None, :, :, None, None]
    pixels = centre + (grid + offset) * scale
    shares = (2 * pixels + 1) / torch.tensor([width, height]) - 1
    return shares.permute(0, 3, 1, 2, 4, 5).reshape(n_batch * groups, height * width, 9, 2)


def maps(value, groups):
    """`[batch · groups, channels of a group, height, width]`"""
    n_batch, height, width, n = value.shape
    value = value.view(n_batch, height, width, groups, n // groups).permute(0, 3, 4, 1, 2)
    return value.reshape(n_batch * groups, n // groups, height, width)


def back(sampled, shape):
    """`[batch, height, width, channels]` from `[batch · groups, channels of a group, height · width]`"""
    n_batch, height, width, n = shape
    return sampled.view(n_batch, n, height, width).permute(0, 2, 3, 1)


def core_at_once(value, offset, modulation, groups):
    """All points of all pixels in one array, as the authors' tensor operations."""
    sampled = F.grid_sample(maps(value, groups), places(offset, groups), align_corners=False)
    weight = maps(modulation, groups).flatten(2).transpose(1, 2)[:, None]
    return back((sampled * weight).sum(-1), value.shape)


def core_by_points(value, offset, modulation, groups):
    """A point of every pixel after the other, which takes less memory."""
    grids, value_maps = places(offset, groups), maps(value, groups)
    weight = maps(modulation, groups).flatten(2)
    total = 0
    for k in range(9):
        sampled = F.grid_sample(value_maps, grids[:, :, k : k + 1], align_corners=False)[..., 0]
        total = total + sampled * weight[:, k, None]
    return back(total, value.shape)


CORES = {"at-once": core_at_once, "by-points": core_by_points}


class First(nn.Module):
    """Layer normalisation over channels that come second, under the published name."""

    def __init__(self, n):
        super().__init__()
        self.add_module("1", nn.LayerNorm(n, eps=1e-6))

    def forward(self, x):
        return getattr(self, "1")(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Deformable(nn.Module):
    def __init__(self, n, core):
        super().__init__()
        self.groups, self.core = n // GROUP, core
        self.dw_conv = nn.Sequential(nn.Conv2d(n, n, 3, padding=1, groups=n), First(n), nn.GELU())
        self.offset, self.mask = nn.Linear(n, self.groups * 18), nn.Linear(n, self.groups * 9)
        self.input_proj, self.output_proj = nn.Linear(n, n), nn.Linear(n, n)

    def forward(self, x):
        f = self.dw_conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        shares = self.mask(f).unflatten(-1, (self.groups, 9)).softmax(-1).flatten(-2)
        return self.output_proj(self.core(self.input_proj(x), self.offset(f).contiguous(), shares, self.groups))


class Perceptron(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(n, RATIO * n), nn.Linear(RATIO * n, n)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Layer(nn.Module):
    """Channels last."""

    def __init__(self, n, core):
        super().__init__()
        self.norm1, self.norm2 = (nn.Sequential(nn.LayerNorm(n, eps=1e-6)) for _ in range(2))
        self.dcn, self.mlp = Deformable(n, core), Perceptron(n)

    def forward(self, x):
        x = x + self.dcn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Down(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(n, 2 * n, 3, 2, 1, bias=False), First(2 * n)

    def forward(self, x):
        return self.norm(self.conv(x))


class Level(nn.Module):
    def __init__(self, n, depth, is_last, core):
        super().__init__()
        self.blocks = nn.Sequential(*(Layer(n, core) for _ in range(depth)))
        self.norm = nn.Sequential(nn.LayerNorm(n, eps=1e-6))
        self.downsample = None if is_last else Down(n)

    def forward(self, x):
        return self.norm(self.blocks(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(N_VARIABLES, CHANNELS, 3, 2, 1), First(CHANNELS)
        self.conv2, self.norm2 = nn.Conv2d(CHANNELS, CHANNELS, 1), First(CHANNELS)

    def forward(self, x):
        return self.norm2(self.conv2(F.gelu(self.norm1(self.conv1(x)))))


class Patches(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.proj = nn.Conv3d(1, n, PATCH, PATCH)


def normed(n_in, n_out, side):
    conv = nn.Conv2d(n_in, n_out, side, padding=side // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.GELU())


def resize(x, size):
    return x if x.shape[2:] == size else F.interpolate(x, size, mode="bilinear", align_corners=False)


class Head(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        last = CHANNELS << len(DEPTHS) - 1
        self.ppm_conv = nn.ModuleList(normed(last, last, 1) for _ in POOLED)
        self.ppm_last_conv = normed(last * (1 + len(POOLED)), HEAD, 3)
        finer = range(len(DEPTHS) - 1)
        self.fpn_in = nn.ModuleList(normed(CHANNELS << i, HEAD, 1) for i in finer)
        self.fpn_out = nn.ModuleList(nn.Sequential(normed(HEAD, HEAD, 3)) for _ in finer)
        self.conv_last = nn.Sequential(normed(len(DEPTHS) * HEAD, HEAD, 3), nn.Conv2d(HEAD, n_out, 1))

    def forward(self, levels):
        deepest, finest = levels[-1], levels[0].shape[2:]
        means = (resize(F.adaptive_avg_pool2d(deepest, n), deepest.shape[2:]) for n in POOLED)
        parts = [deepest, *(conv(x) for conv, x in zip(self.ppm_conv, means))]
        x = self.ppm_last_conv(torch.cat(parts, 1))
        seen = [x]
        for level in reversed(range(len(levels) - 1)):
            lateral = self.fpn_in[level](levels[level])
            x = lateral + resize(x, lateral.shape[2:])
            seen.append(self.fpn_out[level](x))
        return self.conv_last(torch.cat([resize(x, finest) for x in reversed(seen)], 1))


class Encoder(nn.Module):
    def __init__(self, size, core):
        super().__init__()
        n = PATCH[0] * PATCH[1] * PATCH[2]
        self.grid = N_VARIABLES // PATCH[0], size[0] // PATCH[1], size[1] // PATCH[2]
        self.patch_embed, self.embed = Patches(n), nn.Linear(n, n)
        self.norm = nn.Sequential(nn.LayerNorm(n, eps=1e-6))
        self.pos_embed_spatial = nn.Parameter(torch.zeros(1, self.grid[1] * self.grid[2], n))
        self.pos_embed_temporal = nn.Parameter(torch.zeros(1, self.grid[0], n))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, n))
        self.stem = Stem()
        last = len(DEPTHS) - 1
        self.levels = nn.ModuleList(
            Level(CHANNELS << i, depth, i == last, core) for i, depth in enumerate(DEPTHS)
        )
        self.upper, self.out = Head(N_VARIABLES), nn.Conv2d(N_VARIABLES, N_VARIABLES, 3, padding=1)

    def picture(self, x):
        tokens = self.embed(self.patch_embed.proj(x[:, None]).flatten(2).transpose(1, 2))
        groups = self.pos_embed_temporal.repeat_interleave(self.grid[1] * self.grid[2], 1)
        tokens = self.norm(tokens + self.pos_embed_spatial.repeat(1, self.grid[0], 1) + groups)
        pixels = tokens.view(len(x), *self.grid, *PATCH).permute(0, 1, 4, 2, 5, 3, 6)
        return pixels.reshape(x.shape)

    def forward(self, x):
        x = self.stem(self.picture(x))
        levels = []
        for level in self.levels:
            x = level(x)
            levels.append(x)
            if level.downsample is not None:
                x = level.downsample(x)
        return levels


class Wrapper(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model


class Sslpdl(nn.Module):
    def __init__(self, size, core):
        super().__init__()
        self.pretrained_model, self.generator = Wrapper(Encoder(size, core)), Head(CLASSES)

    def forward(self, x):
        return resize(self.generator(self.pretrained_model.model(x)), x.shape[2:])


def load(path, size, core):
    """The network with the weights of a safetensors file, for everything but training."""
    from safetensors.torch import load_file

    network = Sslpdl(size, core)
    missing, unexpected = network.load_state_dict(load_file(path), strict=False)
    wrong = [name for name in [*missing, *unexpected] if not name.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(f"other tensors than the network's: {wrong[:3]}")
    return network.eval().requires_grad_(False)


def channels_last(network):
    """The same with the weights of its pictures' convolutions stored by channels; there is one of three dimensions."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
    return network
