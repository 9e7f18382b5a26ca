"""SAR-UNet (Renault and Mehrkanoon 2023) in PyTorch, under the names of its published checkpoints.

Input `[batch, 12, height, width]`, normalised, oldest frame first, height and width multiples of 16;
output `[batch, 1, height, width]`.
"""

import torch
from torch import nn

WIDTHS = (64, 128, 256, 512, 1024)
# Channels of an attention module for one in its hidden layer.
REDUCTION = 16


def largest(x, dims):
    """The maximum over some dimensions, which are kept.

    Without gradients the quickest form is taken. With them the whole gradient has to go to one of
    several equal values, as in the published network, where `amax` shares it among them.
    """
    if not torch.is_grad_enabled():
        return x.amax(dims, keepdim=True)
    if dims == (1,):
        return x.max(1, keepdim=True).values
    return x.flatten(2).max(2).values[:, :, None, None]


class SeparableConv(nn.Module):
    """Depthwise 3 × 3, then pointwise 1 × 1, both with bias and nothing in between."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.depthwise = nn.Conv2d(n_in, n_in, 3, padding=1, groups=n_in)
        self.pointwise = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


def convolved(n_in, n_out):
    return [SeparableConv(n_in, n_out), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]


class DoubleConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.double_conv = nn.Sequential(*convolved(n_in, n_out), *convolved(n_out, n_out))

    def forward(self, x):
        return self.double_conv(x)


class ResidualBlock(nn.Module):
    """Two separable convolutions beside a 1 × 1 convolution; nothing behind the sum."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.doubleconv = nn.Sequential(DoubleConv(n_in, n_out))
        self.Conv_1x1 = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x):
        return self.Conv_1x1(x) + self.doubleconv(x)


class ChannelAttention(nn.Module):
    def __init__(self, n):
        super().__init__()
        hidden = n // REDUCTION
        self.MLP = nn.Sequential(
            nn.Flatten(), nn.Linear(n, hidden), nn.ReLU(), nn.Linear(hidden, n)
        )

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        scale = torch.sigmoid(self.MLP(mean) + self.MLP(largest(x, (2, 3))))
        return x * scale[:, :, None, None]


class SpatialAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x):
        summary = torch.cat([x.mean(1, keepdim=True), largest(x, (1,))], 1)
        return x * torch.sigmoid(self.bn(self.conv(summary)))


class Attention(nn.Module):
    """Convolutional block attention (Woo et al. 2018): channels, then places."""

    def __init__(self, n):
        super().__init__()
        self.channel_att = ChannelAttention(n)
        self.spatial_att = SpatialAttention()

    def forward(self, x):
        return self.spatial_att(self.channel_att(x))


class UpConv(nn.Module):
    """Twice the size by bilinear interpolation with aligned corners, then half the channels."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.conv = nn.ModuleDict({"conv": nn.Sequential(*convolved(n_in, n_out))})

    def forward(self, x):
        return self.conv["conv"](self.up(x))


class SarUnet(nn.Module):
    def __init__(self, n_frames=12, n_leads=1):
        super().__init__()
        n_in = n_frames
        for level, n_out in enumerate(WIDTHS, 1):
            setattr(self, f"RRCNN{level}", ResidualBlock(n_in, n_out))
            setattr(self, f"cbam{level}", Attention(n_out))
            n_in = n_out
        for level in range(5, 1, -1):
            low, high = WIDTHS[level - 1], WIDTHS[level - 2]
            setattr(self, f"Up{level}", UpConv(low, high))
            setattr(self, f"Up_RRCNN{level}", ResidualBlock(low, high))
        self.pool = nn.MaxPool2d(2)
        self.outc = nn.ModuleDict({"conv": nn.Conv2d(WIDTHS[0], n_leads, 1)})

    def forward(self, x):
        skips = []
        for level in range(1, 6):
            x = self.get_submodule(f"RRCNN{level}")(x)
            x = self.get_submodule(f"cbam{level}")(x)
            if level < 5:
                skips.append(x)
                x = self.pool(x)
        for level in range(5, 1, -1):
            x = torch.cat([skips[level - 2], self.get_submodule(f"Up{level}")(x)], 1)
            x = self.get_submodule(f"Up_RRCNN{level}")(x)
        return self.outc["conv"](x)


def layer_names():
    """The 32 layers of the published list, in its order."""

    def block(name):
        return [name, f"{name}.doubleconv", f"{name}.Conv_1x1"]

    encoder = [block(f"RRCNN{n}") + [f"cbam{n}"] for n in range(1, 6)]
    decoder = [block(f"Up_RRCNN{n}") for n in range(5, 1, -1)]
    return [name for names in encoder + decoder for name in names]


def load(path):
    """The network with the weights of a safetensors file, whatever precision they are stored in."""
    from safetensors.torch import load_file

    network = SarUnet()
    state = {name: v.float() if v.is_floating_point() else v for name, v in load_file(path).items()}
    network.load_state_dict(state)
    return network.eval()


def fold_norms(network):
    """The same function with every batch normalisation folded into the convolution before it, by
    PyTorch's own function for that."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for module in list(network.modules()):
        if isinstance(module, SpatialAttention):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
        if not isinstance(module, nn.Sequential):
            continue
        for i, (conv, norm) in enumerate(zip(module[:-1], module[1:])):
            if isinstance(norm, nn.BatchNorm2d):
                conv.pointwise = fuse_conv_bn_eval(conv.pointwise, norm)
                module[i + 1] = nn.Identity()
    return network
