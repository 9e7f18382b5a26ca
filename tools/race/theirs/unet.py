"""UNet, with which SmaAt-UNet and SAR-UNet are compared, in PyTorch, under the names of its published checkpoints.

Input `[batch, 12, height, width]`, normalised, oldest frame first, height and width multiples of 16;
output `[batch, 1, height, width]`.
"""

import torch
from torch import nn

WIDTHS = (64, 128, 256, 512, 512)


class DoubleConv(nn.Module):
    def __init__(self, n_in, n_out, n_middle=None):
        super().__init__()
        n_middle = n_middle or n_out
        self.double_conv = nn.Sequential(*convolved(n_in, n_middle), *convolved(n_middle, n_out))

    def forward(self, x):
        return self.double_conv(x)


def convolved(n_in, n_out):
    return [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]


class UNet(nn.Module):
    def __init__(self, n_frames=12, n_leads=1):
        super().__init__()
        self.inc = DoubleConv(n_frames, WIDTHS[0])
        for n, (n_in, n_out) in enumerate(zip(WIDTHS, WIDTHS[1:]), 1):
            down = nn.Sequential(nn.MaxPool2d(2), DoubleConv(n_in, n_out))
            setattr(self, f"down{n}", nn.ModuleDict({"maxpool_conv": down}))
        for n, width in enumerate((512, 256, 128, 64), 1):
            n_out = max(width // 2, WIDTHS[0])
            setattr(self, f"up{n}", nn.ModuleDict({"conv": DoubleConv(2 * width, n_out, width)}))
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.outc = nn.ModuleDict({"conv": nn.Conv2d(WIDTHS[0], n_leads, 1)})

    def forward(self, x):
        skips = [self.inc(x)]
        for n in range(1, 5):
            skips.append(self.get_submodule(f"down{n}.maxpool_conv")(skips[-1]))
        x = skips.pop()
        for n in range(1, 5):
            x = torch.cat([skips.pop(), self.up(x)], 1)
            x = self.get_submodule(f"up{n}.conv")(x)
        return self.outc["conv"](x)


def load(path):
    """The network with the weights of a safetensors file; counters of batches are not in it."""
    from safetensors.torch import load_file

    network = UNet()
    network.load_state_dict(load_file(path), strict=False)
    return network
