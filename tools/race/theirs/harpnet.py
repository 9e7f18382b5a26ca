"""HARPNET (versions 3 and 4, depth 2) in PyTorch, under the names of its checkpoints, and a domain put together of
tiles with NumPy.

Input `[batch, 2, 64, 64]`, the normalised logarithm of rain and the elevation; output `[batch, 1, 64, 64]`.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate

TILE = 64
BASE = 64
# Of ln(1 + mm), as in the published program for inference.
MEAN, STD = 0.1734, 0.4228
ELEVATION_M = 8848.9
WEIGHT_FLOOR = 1e-3
COARSE_DEG, FINE_DEG, PADDING = 0.25, 0.03125, 1
SOUTH, WEST, SIDE_DEG, TILE_DEG = 37.0, -115.0, 6, 2
# The rain has nodes every 0.05°, half a degree around the domain.
RAIN_SOUTH, RAIN_WEST, RAIN_DEG = 36.5, -115.5, 0.05


class ResidualBlock(nn.Module):
    """Two convolutions beside a 1 × 1 convolution, all with layer normalisation; nothing behind the sum."""

    def __init__(self, n_in, n_out, side):
        super().__init__()
        norm = lambda: nn.LayerNorm([n_out, side, side])
        self.resconvblock = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, padding=1), norm(), nn.ReLU(inplace=True),
            nn.Conv2d(n_out, n_out, 3, padding=1), norm(), nn.ReLU(inplace=True),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(n_in, n_out, 1), norm())

    def forward(self, x):
        return self.resconvblock(x) + self.shortcut(x)


class Gate(nn.Module):
    """The skip connection, weighted place by place by what comes from below."""

    def __init__(self, n):
        super().__init__()
        self.theta_x = nn.Conv2d(n, n, 1, stride=2)
        self.phi_g = nn.Conv2d(2 * n, n, 1)
        self.psi = nn.Conv2d(n, 1, 1)

    def forward(self, x, below):
        psi = torch.sigmoid(self.psi(torch.relu(self.theta_x(x) + self.phi_g(below))))
        return x * interpolate(psi, scale_factor=2, mode="bilinear", align_corners=True)


class Harpnet(nn.Module):
    def __init__(self):
        super().__init__()
        fine, middle, deep = BASE, 2 * BASE, 4 * BASE
        self.encoders = nn.ModuleList(
            [ResidualBlock(2, fine, TILE), ResidualBlock(fine, middle, TILE // 2)]
        )
        self.pool = nn.MaxPool2d(2)
        self.bridge = ResidualBlock(middle, deep, TILE // 4)
        self.upconvs = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, 2) for n in (middle, fine))
        self.attn_blocks = nn.ModuleList(Gate(n) for n in (middle, fine))
        self.decoders = nn.ModuleList(
            [ResidualBlock(deep, middle, TILE // 2), ResidualBlock(middle, fine, TILE)]
        )
        self.final_conv = nn.Conv2d(fine, 1, 1)

    def forward(self, x):
        skips = []
        for encoder in self.encoders:
            x = encoder(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bridge(x)
        for up, gate, decoder, skip in zip(self.upconvs, self.attn_blocks, self.decoders, skips[::-1]):
            x = decoder(torch.cat([up(x), gate(skip, x)], 1))
        return self.final_conv(x)


def load(path):
    """The network with the weights of a safetensors file, for everything but training."""
    from safetensors.torch import load_file

    network = Harpnet()
    network.load_state_dict(load_file(path))
    return network.eval().requires_grad_(False)


def corners():
    """South-western corners of the tiles: side by side, then across their edges."""
    def grid(offset, n):
        return [
            (SOUTH + offset + TILE_DEG * row, WEST + offset + TILE_DEG * column)
            for row in range(n) for column in range(n)
        ]

    n = SIDE_DEG // TILE_DEG
    return grid(0, n) + grid(TILE_DEG / 2, n - 1)


def places(first, step, n, axis_first, axis_step):
    """Nodes along an axis: the one below each place, and the share of the one above."""
    at = (first + step * np.arange(n) - axis_first) / axis_step
    # A place that is a node takes that node, whatever its last digit is.
    below = np.floor(at + 1e-9).astype(int)
    return below, np.maximum(at - below, 0.0)


def linear(field, rows, columns):
    """Values between nodes, linear along both axes."""
    (r, dr), (c, dc) = rows, columns
    above, right = np.minimum(r + 1, field.shape[0] - 1), np.minimum(c + 1, field.shape[1] - 1)
    at = lambda row: field[row][:, c] * (1 - dc) + field[row][:, right] * dc
    return at(r) * (1 - dr)[:, None] + at(above) * dr[:, None]


def tile_input(rain, elevation, corner):
    """`[2, 64, 64]` of a tile: rain of the coarse nodes, placed at the coordinates of the fine ones."""
    south, west = corner
    n_coarse = TILE // 8 + 2 * PADDING
    coarse = lambda edge, first: places(
        edge - PADDING * COARSE_DEG, COARSE_DEG, n_coarse, first, RAIN_DEG
    )
    mm = linear(rain, coarse(south, RAIN_SOUTH), coarse(west, RAIN_WEST))
    z = (np.log1p(mm) - MEAN) / STD
    fine = places(PADDING, FINE_DEG / COARSE_DEG, TILE, 0, 1)
    row, column = node(corner)
    height = elevation[row : row + TILE, column : column + TILE] / ELEVATION_M
    return np.stack([linear(z, fine, fine), height]).astype(np.float32)


def node(corner):
    return round((corner[0] - SOUTH) / FINE_DEG), round((corner[1] - WEST) / FINE_DEG)


def blending_weights():
    """1 in the middle, falling with the city-block distance to nearly nothing in the corners."""
    k = np.arange(TILE)
    away = np.minimum(abs(k - (TILE // 2 - 1)), abs(k - TILE // 2))
    distance = away[:, None] + away[None, :]
    return np.maximum(1 - distance / distance.max(), WEIGHT_FLOOR)


def refine(predict, rain, elevation):
    """The whole domain in mm, `[192, 192]`; `predict` takes a list of inputs and gives their outputs."""
    tiles = corners()
    outputs = predict([tile_input(rain, elevation, corner) for corner in tiles])
    total, weight = np.zeros((2, *elevation.shape))
    blend = blending_weights()
    for corner, z in zip(tiles, outputs):
        row, column = node(corner)
        here = slice(row, row + TILE), slice(column, column + TILE)
        total[here] += blend * np.expm1(z.astype(np.float64) * STD + MEAN)
        weight[here] += blend
    return (total / np.where(weight > 0, weight, np.nan)).astype(np.float32)
