"""Steps of training in PyTorch: a batch forward, backward and into the weights with Adam."""

import numpy as np
import torch

LEARNING_RATE = 1e-3
# Steps from the first weights whose losses are compared: the later ones hang on all gradients.
N_STEPS = 4


class Training:
    """`load` reads the network; what is called does one step, in one of two layouts of memory."""

    def __init__(self, load, folder, **layout):
        self.load, self.layout = load, layout
        read = lambda name: torch.from_numpy(np.load(folder / f"train_{name}.npy"))
        self.x, self.y = read("inputs").contiguous(**layout), read("targets")
        self.begin()

    def begin(self):
        self.network = self.load().train().to(**self.layout)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE)

    def __call__(self):
        self.optimiser.zero_grad()
        loss = (self.network(self.x) - self.y).square().sum() / len(self.x)
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def arrays(self):
        self.begin()
        return {"losses": np.array([self() for _ in range(N_STEPS)], np.float32)}


def variants(load, folder):
    """In both layouts, by name."""
    layouts = {"contiguous": {}, "channels-last": {"memory_format": torch.channels_last}}
    return {name: Training(load, folder, **layout) for name, layout in layouts.items()}
