"""Steps of fine-tuning SpaT-SparK in PyTorch: the loss with structural similarity, and LAMB as SparK's program has it.

The optimiser goes over all tensors at once (`torch._foreach_…`), where that program takes one after the other.
"""

import functools

import torch
from torch.nn import functional as F

BETA_1, BETA_2, EPSILON, LONGEST, DECAY = 0.9, 0.95, 1e-6, 5.0, 0.04
SIMILARITY = 1e-4
RADIUS, DEVIATION, C1, C2 = 5, 1.5, 0.01**2, 0.03**2


def loss(y, truth):
    """The mean squared error, and so much of one minus the structural similarity."""
    return F.mse_loss(y, truth) + SIMILARITY * (1 - ssim(y, truth))


def ssim(a, b):
    a, b = a.clamp(0, 1), b.clamp(0, 1)
    mean_a, mean_b, aa, bb, ab = blur(torch.cat([a, b, a * a, b * b, a * b], 1)).chunk(5, 1)
    of_a, of_b, both = mean_a.square(), mean_b.square(), mean_a * mean_b
    above = (2 * both + C1) * (2 * (ab - both) + C2)
    return (above / ((of_a + of_b + C1) * (aa - of_a + bb - of_b + C2))).mean()


def blur(x):
    """A Gaussian mean around each pixel, mirrored at the edges, as a product with a matrix on either side: a tenth of the time
    that convolutions of single planes take, and less than depthwise ones."""
    return window(x.shape[2]) @ (x @ window(x.shape[3]).T)


@functools.lru_cache
def window(n):
    """`[n, n]`: each row holds the weights of the pixels around one."""
    offsets = torch.arange(-RADIUS, RADIUS + 1)
    weights = torch.exp(-((offsets / DEVIATION) ** 2) / 2)
    places = (torch.arange(n)[:, None] + offsets).abs()
    places = torch.where(places > n - 1, 2 * (n - 1) - places, places)
    return torch.zeros(n, n).scatter_add(1, places, (weights / weights.sum()).expand(n, -1))


class Lamb:
    def __init__(self, named, rate):
        self.rate, self.n_steps = rate, 0
        decays = lambda name, p: p.ndim > 1 and not name.startswith("mask_tokens")
        # What is never reached by a gradient, such as tokens where nothing is hidden, does not learn.
        self.named = [(name, p, decays(name, p)) for name, p in named]
        self.moments = {}

    def zero_grad(self):
        for _, p, _ in self.named:
            p.grad = None

    @torch.no_grad()
    def step(self):
        learnt = [(name, p, decays) for name, p, decays in self.named if p.grad is not None]
        gradients = [p.grad for _, p, _ in learnt]
        length = torch.stack(torch._foreach_norm(gradients)).norm().item()
        torch._foreach_mul_(gradients, min(1.0, LONGEST / length))
        for name, p, _ in learnt:
            if name not in self.moments:
                self.moments[name] = torch.zeros_like(p), torch.zeros_like(p)
        first, second = map(list, zip(*(self.moments[name] for name, _, _ in learnt)))
        torch._foreach_lerp_(first, gradients, 1 - BETA_1)
        torch._foreach_mul_(second, BETA_2)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - BETA_2)
        self.n_steps += 1
        root = torch._foreach_sqrt(second)
        torch._foreach_div_(root, (1 - BETA_2**self.n_steps) ** 0.5)
        torch._foreach_add_(root, EPSILON)
        updates = torch._foreach_div(first, root)
        torch._foreach_div_(updates, 1 - BETA_1**self.n_steps)
        self.scale([(p, u) for (_, p, decays), u in zip(learnt, updates) if decays])
        torch._foreach_add_([p for _, p, _ in learnt], updates, alpha=-self.rate)

    def scale(self, pairs):
        """Updates with decay, as long as the weights."""
        weights, updates = map(list, zip(*pairs))
        torch._foreach_add_(updates, weights, alpha=DECAY)
        ratios = torch._foreach_div(torch._foreach_norm(weights), torch._foreach_norm(updates))
        torch._foreach_mul_(updates, ratios)
