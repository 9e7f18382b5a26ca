"""The side of PyTorch, Captum and pytorch-grad-cam: `python side_pytorch.py INPUTS ROOT`.

Libraries that only some paths need are imported by those, so that memory is not counted for others.
"""

import itertools
import os
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

import harpnet
import lamb
import protocol
import radar
import sar_unet
import spat_spark
import sslpdl
import training
import unet

INPUTS, ROOT = map(Path, sys.argv[1:3])
WEIGHTS = ROOT / "checkpoints/sar-unet/knmi-20100826/weights.safetensors"
THRESHOLD_MM_H = 1.5
N_STEPS = 50
# The layers that the published script for precipitation has switched on.
DECODER = [name for name in sar_unet.layer_names() if name.startswith("Up_")]


def constant_network():
    """The network for everything but training: no weight asks for a gradient."""
    return sar_unet.load(WEIGHTS).requires_grad_(False)


def sample():
    return torch.from_numpy(np.load(INPUTS / "sar.npy"))[None]


def in_both_layouts(make):
    """`make(network, input)` for rows of pixels and for rows of channels."""
    last = {"memory_format": torch.channels_last}
    return {
        "contiguous": make(constant_network(), sample()),
        "channels-last": make(constant_network().to(**last), sample().contiguous(**last)),
    }


def forward():
    return in_both_layouts(forward_of)


def folded_forward():
    fold = sar_unet.fold_norms
    return in_both_layouts(lambda network, x: forward_of(fold(network), x))


def forward_of(network, x):
    def run():
        with torch.inference_mode():
            return {"prediction": network(x)[0].numpy()}

    return run


def mask_of(field, threshold_mm_h=THRESHOLD_MM_H):
    """1 where the predicted rain exceeds the threshold: two products in single precision, compared
    in double precision, as the published script does."""
    rate = field * radar.NORMALISATION_MM_5MIN * radar.STEPS_PER_HOUR
    return (rate.double() > threshold_mm_h).float()


class OnePass:
    """The raw Grad-CAM maps of all layers from one forward and one backward pass.

    The first watched layers become leaves, so that no gradient is computed for what lies before.
    """

    def __init__(self, network, x):
        self.network, self.x = network, x
        self.seen = {}
        for name in sar_unet.layer_names():
            network.get_submodule(name).register_forward_hook(self.keep(name))

    def keep(self, name):
        def hook(_module, _inputs, activation):
            if activation.requires_grad:
                activation.retain_grad()
            else:
                activation.requires_grad_()
            self.seen[name] = activation

        return hook

    def run(self, threshold_mm_h=THRESHOLD_MM_H):
        field = self.network(self.x)[0, 0]
        mask = mask_of(field.detach(), threshold_mm_h)
        (mask * field).sum().backward()
        with torch.inference_mode():
            maps = {name: self.weighted(a) for name, a in self.seen.items()}
        self.seen.clear()
        return maps, field.detach()

    @staticmethod
    def weighted(activation):
        """`Σ_c w_c A_c` with `w_c` the mean of the gradient, as a product of a vector and a matrix."""
        weights = activation.grad[0].mean((1, 2))
        plane = activation[0].flatten(1)
        return (weights @ plane).view(activation.shape[2:]).numpy()


def one_pass():
    def make(network, x):
        passes = OnePass(network, x)
        return lambda: passes.run()[0]

    return in_both_layouts(make)


def script(names):
    """The published procedure: for each layer a new GradCAM object, a forward and a backward pass,
    a map of the input's size and its overlay. Weights keep asking for gradients, as they do there.
    """

    def prepare():
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.image import show_cam_on_image
        from pytorch_grad_cam.utils.model_targets import SemanticSegmentationTarget

        network, x = sar_unet.load(WEIGHTS), sample()
        oldest = np.repeat(x[0, 0].numpy()[:, :, None], 3, axis=2)

        def run():
            with torch.no_grad():
                field = network(x)[0, 0]
            targets = [SemanticSegmentationTarget(0, mask_of(field).numpy())]
            overlays = {}
            for name in names:
                with GradCAM(network, [network.get_submodule(name)]) as cam:
                    grey = cam(input_tensor=x, targets=targets)[0]
                overlays[name] = show_cam_on_image(oldest, grey, use_rgb=True)
            return overlays

        return {"published": run}

    return prepare


def integrated_gradients():
    """Captum's, with the gap to completeness, which this program reports too."""
    from captum.attr import IntegratedGradients

    network, x = constant_network(), sample()

    def run_with(n_batch):
        def run():
            with torch.no_grad():
                mask = mask_of(network(x)[0, 0])
            method = IntegratedGradients(lambda batch: (network(batch)[:, 0] * mask).sum((1, 2)))
            attribution, gap = method.attribute(
                x,
                baselines=torch.zeros_like(x),
                n_steps=N_STEPS + 1,
                method="riemann_trapezoid",
                internal_batch_size=n_batch,
                return_convergence_delta=True,
            )
            # Captum counts points, and divides by them where there is one interval fewer.
            attribution = attribution[0] * ((N_STEPS + 1) / N_STEPS)
            return {"attribution": attribution.numpy(), "gap": gap.numpy()}

        return run

    return {f"batches-of-{n}": run_with(n) for n in (1, 5)}


def request():
    """From the name of a sample to a prediction, the maps of 32 layers and the picture of one.

    Frames are kept in memory once they are read, as this program keeps them.
    """
    import figures
    from pytorch_grad_cam.utils.image import scale_cam_image

    network = constant_network()
    passes = OnePass(network, None)
    thresholds_mm_h = (THRESHOLD_MM_H + 0.001 * n for n in itertools.count())
    shown = "Up_RRCNN2"

    def run():
        threshold_mm_h = next(thresholds_mm_h)
        frames = radar.sample(ROOT / "data/knmi", "20100826T0535")
        passes.x = torch.from_numpy(frames)[None]
        raw, field = passes.run(threshold_mm_h)
        cams = {name: finished(scale_cam_image, values) for name, values in raw.items()}
        factor = radar.NORMALISATION_MM_5MIN * radar.STEPS_PER_HOUR
        details = [f"rain predicted above {threshold_mm_h} mm/h", "beneath: the newest frame"]
        title = f"Grad-CAM, {shown}"
        picture = figures.draw(cams[shown], frames[-1] * factor, title, details)
        return {
            "figure.png": np.frombuffer(picture, np.uint8),
            "prediction": field.numpy()[None] * factor,
            "cam": cams[shown],
        }

    return {"one-pass": run}


def finished(scale, raw):
    """A raw map rectified, scaled and of the input's size, by the library's own functions."""
    size = (288, 288)
    return scale(np.maximum(scale(np.maximum(raw, 0)[None], size), 0))[0]


def harpnet_network(is_channels_last):
    network = harpnet.load(INPUTS / "harpnet.safetensors")
    return network.to(memory_format=torch.channels_last) if is_channels_last else network


def harpnet_tile():
    x = torch.from_numpy(np.load(INPUTS / "harpnet_tile.npy"))[None]
    last = x.contiguous(memory_format=torch.channels_last)
    return {
        "contiguous": forward_of(harpnet_network(False), x),
        "channels-last": forward_of(harpnet_network(True), last),
    }


def harpnet_domain():
    """Tile by tile as published, and all tiles in one batch; in both layouts."""
    rain, elevation = (np.load(INPUTS / f"harpnet_{name}.npy") for name in ("rain", "elevation"))

    def run_with(is_channels_last, n_batch):
        network = harpnet_network(is_channels_last)
        layout = torch.channels_last if is_channels_last else torch.contiguous_format

        def predict(tiles):
            batches = [tiles[i : i + n_batch] for i in range(0, len(tiles), n_batch)]
            with torch.inference_mode():
                stacked = (torch.from_numpy(np.stack(batch)) for batch in batches)
                outputs = [network(x.contiguous(memory_format=layout)) for x in stacked]
            return torch.cat(outputs)[:, 0].numpy()

        return lambda: {"mosaic": harpnet.refine(predict, rain, elevation)}

    return {
        f"{layout}-{batch}": run_with(layout == "channels-last", n_batch)
        for layout in ("contiguous", "channels-last")
        for batch, n_batch in (("one-by-one", 1), ("at-once", 13))
    }


def dcnv3_arrays():
    names = ("value", "offset", "modulation", "gradient")
    return [torch.from_numpy(np.load(INPUTS / f"dcnv3_{name}.npy")) for name in names]


def dcnv3():
    value, offset, modulation, _ = dcnv3_arrays()
    groups = modulation.shape[-1] // 9

    def run_with(core):
        def run():
            with torch.inference_mode():
                return {"y": core(value, offset, modulation, groups).contiguous().numpy()}

        return run

    return {name: run_with(core) for name, core in sslpdl.CORES.items()}


def dcnv3_gradient():
    value, offset, modulation, gradient = dcnv3_arrays()
    groups = modulation.shape[-1] // 9

    def run_with(core):
        def run():
            leaves = [x.detach().requires_grad_() for x in (value, offset, modulation)]
            y = core(*leaves, groups)
            found = torch.autograd.grad(y, leaves, gradient)
            of_value, of_offset, of_modulation = (x.numpy() for x in found)
            return {
                "y": y.detach().contiguous().numpy(),
                "of_value": of_value,
                "of_offset": of_offset.ravel(),
                "of_modulation": of_modulation.ravel(),
            }

        return run

    return {name: run_with(core) for name, core in sslpdl.CORES.items()}


def sslpdl_forward():
    """Both layouts of pictures, and both ways to sample points."""
    fields = np.load(INPUTS / "sslpdl.npy")
    x = torch.from_numpy(fields)[None]
    network = lambda core: sslpdl.load(INPUTS / "sslpdl.safetensors", fields.shape[1:], core)
    variants = {}
    for name, core in sslpdl.CORES.items():
        variants[f"contiguous-{name}"] = forward_of(network(core), x)
        last = x.contiguous(memory_format=torch.channels_last)
        variants[f"channels-last-{name}"] = forward_of(sslpdl.channels_last(network(core)), last)
    return variants


def spat_network(is_channels_last):
    network = spat_spark.published(INPUTS / "spat_spark.safetensors")
    return network.to(memory_format=torch.channels_last) if is_channels_last else network


def spat_forward():
    x = sample()
    last = x.contiguous(memory_format=torch.channels_last)
    return {
        "contiguous": forward_of(spat_network(False), x),
        "channels-last": forward_of(spat_network(True), last),
    }


def spat_occlusion():
    """The whole input, and each patch hidden: in both layouts and in batches of 1, 4 and 8, of which the quickest is found with
    eight passes, since all of them take long."""
    ways = {
        f"{layout}-batches-of-{n_batch}": Occlusion(layout == "channels-last", n_batch)
        for layout in ("contiguous", "channels-last")
        for n_batch in (1, 4, 8)
    }
    for way in ways.values():
        way.sums(range(way.n_batch))
    quickest = min(ways, key=lambda name: min(ways[name].seconds(8) for _ in range(2)))
    return {quickest: ways[quickest]}


class Occlusion:
    """Sums of forecasts by frame, of the whole input and of that without each patch."""

    def __init__(self, is_channels_last, n_batch):
        self.network, self.x, self.n_batch = spat_network(is_channels_last), sample(), n_batch
        self.layout = torch.channels_last if is_channels_last else torch.contiguous_format
        self.grid = [size // spat_spark.SIDE for size in self.x.shape[2:]]

    def __call__(self):
        sums = self.sums(range(1 + self.grid[0] * self.grid[1]))
        return {"sums": sums.numpy(), "changes": (sums[:1] - sums[1:]).numpy()}

    def seconds(self, n):
        start = time.perf_counter()
        self.sums(range(n))
        return time.perf_counter() - start

    def sums(self, passes):
        """Of some passes, `[passes, 12]`; number 0 is that of the whole input."""
        batches = [passes[i : i + self.n_batch] for i in range(0, len(passes), self.n_batch)]
        with torch.inference_mode():
            return torch.cat([self.batch(batch) for batch in batches])

    def batch(self, passes):
        seen = torch.ones(len(passes), self.grid[0] * self.grid[1])
        for row, number in enumerate(passes):
            if number:
                seen[row, number - 1] = 0
        visible = spat_spark.Visible(seen.view(-1, 1, *self.grid))
        x = (self.x * visible(self.x)).contiguous(memory_format=self.layout)
        return self.network(x, visible).double().sum((2, 3)).float()


def spat_train_step():
    load = lambda: spat_spark.twin(INPUTS / "spat_twin.safetensors")
    optimiser = lambda named: lamb.Lamb(named, training.LEARNING_RATE)
    return training.variants(load, INPUTS, "spat_train", lamb.loss, optimiser)


def sar_train_step():
    return training.variants(lambda: sar_unet.load(WEIGHTS), INPUTS)


def unet_train_step():
    return training.variants(lambda: unet.load(INPUTS / "unet.safetensors"), INPUTS)


def versions():
    names = ["torch", "captum", "grad-cam", "opencv-python-headless", "numpy"]
    return dict(installed(names))


def installed(names):
    """What only paths need that are not raced may be missing."""
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            pass


PATHS = {
    "sar-forward": forward,
    "sar-forward-folded": folded_forward,
    "sar-cam32": one_pass,
    "sar-script12": script(DECODER),
    "sar-script32": script(sar_unet.layer_names()),
    "sar-ig50": integrated_gradients,
    "request": request,
    "harpnet-tile": harpnet_tile,
    "harpnet-domain": harpnet_domain,
    "dcnv3": dcnv3,
    "dcnv3-gradient": dcnv3_gradient,
    "sslpdl-forward": sslpdl_forward,
    "spat-forward": spat_forward,
    "spat-occlusion": spat_occlusion,
    "spat-train-step": spat_train_step,
    "sar-train-step": sar_train_step,
    "unet-train-step": unet_train_step,
}

if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["STORMLENS_RACE_THREADS"]))
    protocol.serve(PATHS, versions)
