"""Steps of training in PyTorch: a batch forward, backward and into the weights."""

import numpy as np
import torch

LEARNING_RATE = 1e-3
# Steps from the first weights whose losses are compared: the later ones hang on all gradients.
N_STEPS = 4


def squares(y, truth):
    """The sum of squared errors of the mean example."""
    return (y - truth).square().sum() / len(y)


def adam(named):
    return torch.optim.Adam([p for _, p in named], lr=LEARNING_RATE)


class Training:
    """`load` reads the network; what is called does one step, in one of two layouts of memory."""

    def __init__(self, load, batch, loss, optimiser, **layout):
        self.load, self.loss, self.new_optimiser, self.layout = load, loss, optimiser, layout
        self.x, self.y = batch[0].contiguous(**layout), batch[1]
        self.begin()

    def begin(self):
        self.network = self.load().train().to(**self.layout)
        self.optimiser = self.new_optimiser(self.network.named_parameters())

    def __call__(self):
        self.optimiser.zero_grad()
        loss = self.loss(self.network(self.x), self.y)
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def arrays(self):
        self.begin()
        return {"losses": np.array([self() for _ in range(N_STEPS)], np.float32)}


def variants(load, folder, name="train", loss=squares, optimiser=adam):
    """In both layouts, by name."""
    batch = [torch.from_numpy(np.load(folder / f"{name}_{part}.npy")) for part in ("inputs", "targets")]
    layouts = {"contiguous": {}, "channels-last": {"memory_format": torch.channels_last}}
    new = lambda layout: Training(load, batch, loss, optimiser, **layout)
    return {name: new(layout) for name, layout in layouts.items()}
