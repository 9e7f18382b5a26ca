"""Reference numbers of a small polar-low CNN, from NumPy in float64.

    python polar_low_tiny.py                  writes polar_low_tiny.safetensors beside this file
    python polar_low_tiny.py --check FOLDER   compares this program with full-size reference numbers
    python polar_low_tiny.py --ops FILE       copies TensorFlow's results for single operations from
                                              FILE to tensorflow_ops.safetensors

The network is Grahn and Bianchi 2022 (arXiv 2203.16401), with other widths. Everything here is
written from the definitions: convolutions are sums over the window, gradients are those of the
chain rule, padding is TensorFlow's `same`. Needs numpy and safetensors; --check also h5py, Pillow.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

N_BLOCKS = 7
EPSILON = 1e-3
HERE = Path(__file__).parent


def padding(n, size, stride):
    """Number of outputs and of pixels before and after."""
    out = -(-n // stride)
    total = max((out - 1) * stride + size - n, 0)
    return out, total // 2, total - total // 2


def places(shape, size, stride):
    """Padding of both axes, and for each place in the window the pixels that it meets."""
    rows, top, bottom = padding(shape[2], size, stride)
    columns, left, right = padding(shape[3], size, stride)
    span = lambda start, n: slice(start, start + stride * (n - 1) + 1, stride)
    met = [(..., span(dy, rows), span(dx, columns)) for dy in range(size) for dx in range(size)]
    return ((0, 0), (0, 0), (top, bottom), (left, right)), met


def windows(x, size, stride, fill):
    """[size * size, batch, channels, rows, columns]: what each output sees, in reading order."""
    around, met = places(x.shape, size, stride)
    x = np.pad(x, around, constant_values=fill)
    return np.stack([x[place] for place in met])


def scatter(seen, shape, size, stride):
    """The gradient of `windows`: every pixel collects from the windows that saw it."""
    around, met = places(shape, size, stride)
    x = np.zeros([n + sum(pad) for n, pad in zip(shape, around)])
    for part, place in zip(seen, met):
        x[place] += part
    (top, _), (left, _) = around[2:]
    return x[:, :, top : top + shape[2], left : left + shape[3]]


def along_channels(values):
    return values[:, None, None]


class Network:
    """Forward and backward pass of a batch [pictures, channels, rows, columns]."""

    def __init__(self, weights, training=False):
        self.w = {name: np.asarray(value, np.float64) for name, value in weights.items()}
        self.training = training

    def conv(self, name, x, stride):
        w = self.w[f"{name}.weight"]
        size = w.shape[2]
        seen = windows(x, size, stride, 0.0)
        kernel = w.reshape(w.shape[0], w.shape[1], size * size)

        def backward(g):
            of_kernel = np.einsum("borc,kbirc->oik", g, seen, optimize=True)
            self.of_weights[f"{name}.weight"] = of_kernel.reshape(w.shape)
            self.of_weights[f"{name}.bias"] = g.sum(axis=(0, 2, 3))
            of_seen = np.einsum("oik,borc->kbirc", kernel, g, optimize=True)
            return scatter(of_seen, x.shape, size, stride)

        self.tape.append(backward)
        y = np.einsum("oik,kbirc->borc", kernel, seen, optimize=True)
        return y + along_channels(self.w[f"{name}.bias"])

    def depthwise(self, name, x):
        w = self.w[f"{name}.weight"]
        kernel = w.reshape(-1, 9)
        seen = windows(x, 3, 1, 0.0)

        def backward(g):
            of_kernel = np.einsum("birc,kbirc->ik", g, seen)
            self.of_weights[f"{name}.weight"] = of_kernel.reshape(w.shape)
            return scatter(np.einsum("ik,birc->kbirc", kernel, g), x.shape, 3, 1)

        self.tape.append(backward)
        return np.einsum("ik,kbirc->birc", kernel, seen)

    def norm(self, name, x):
        w = lambda part: along_channels(self.w[f"{name}.{part}"])
        over = dict(axis=(0, 2, 3), keepdims=True)
        mean, variance = w("running_mean"), w("running_var")
        if self.training:
            mean, variance = x.mean(**over), x.var(**over)
            n = x.size // x.shape[1]
            self.follow(f"{name}.running_mean", mean)
            self.follow(f"{name}.running_var", variance * n / max(n - 1, 1))
        scale = 1 / np.sqrt(variance + EPSILON)
        normalised = (x - mean) * scale

        def backward(g):
            self.of_weights[f"{name}.weight"] = (g * normalised).sum(axis=(0, 2, 3))
            self.of_weights[f"{name}.bias"] = g.sum(axis=(0, 2, 3))
            g = g * w("weight")
            if self.training:
                g = g - g.mean(**over) - normalised * (g * normalised).mean(**over)
            return g * scale

        self.tape.append(backward)
        return normalised * w("weight") + w("bias")

    def follow(self, name, batch):
        """Keras's momentum of 0.99."""
        self.followed[name] = 0.99 * self.w[name] + 0.01 * batch.ravel()

    def relu(self, name, x):
        y = np.maximum(x, 0.0)

        def backward(g):
            self.gradients[name] = g
            return g * (x > 0)

        self.tape.append(backward)
        self.activations[name] = y
        return y

    def pool(self, x):
        seen = windows(x, 3, 2, -np.inf)
        first = seen.argmax(axis=0)  # of equal values the first
        chosen = np.arange(9).reshape(9, 1, 1, 1, 1) == first
        self.tape.append(lambda g: scatter(chosen * g, x.shape, 3, 2))
        return seen.max(axis=0)

    def separable(self, module, conv, norm, activation, x):
        x = self.depthwise(f"{module}.{conv}.depthwise", x)
        x = self.conv(f"{module}.{conv}.pointwise", x, 1)
        return self.relu(activation, self.norm(f"{module}.{norm}", x))

    def forward(self, x):
        """Logits [pictures, 2]."""
        self.activations, self.gradients, self.blocks = {}, {}, []
        self.of_weights, self.followed = {}, {}
        self.stem = self.tape = []
        x = self.relu("activation", self.norm("stem.1", self.conv("stem.0", x, 2)))
        for n in range(1, N_BLOCKS + 1):
            self.tape = []
            y = self.separable(f"block{n}", 0, 1, f"activation_{2 * n - 1}", x)
            y = self.separable(f"block{n}", 3, 4, f"activation_{2 * n}", y)
            y = self.pool(y)
            straight, self.tape = self.tape, []
            y = y + self.conv(f"block{n}.shortcut", x, 2)
            name = "add" if n == 1 else f"add_{n - 1}"
            self.activations[name] = y
            self.blocks.append((name, straight, self.tape))
            x = y
        self.tail = self.tape = []
        x = self.separable("tail", 0, 1, f"activation_{2 * N_BLOCKS + 1}", x)
        self.pooled = x.mean(axis=(2, 3))
        self.last_shape = x.shape
        return self.pooled @ self.w["head.weight"].T + self.w["head.bias"]

    def backward(self, g):
        """The gradient of the input; those of weights and activations are kept."""
        g = np.asarray(g, np.float64)
        self.of_weights["head.weight"] = g.T @ self.pooled
        self.of_weights["head.bias"] = g.sum(axis=0)
        g = (g @ self.w["head.weight"])[:, :, None, None]
        g = np.broadcast_to(g / (self.last_shape[2] * self.last_shape[3]), self.last_shape)
        g = unwind(self.tail, g)
        for name, straight, shortcut in reversed(self.blocks):
            self.gradients[name] = g
            g = unwind(straight, g) + unwind(shortcut, g)
        return unwind(self.stem, g)


def unwind(tape, g):
    for backward in reversed(tape):
        g = backward(g)
    return g


def softmax(y):
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def one(target):
    """Logits' gradient for the logit of a class."""
    return np.eye(2)[target : target + 1]


def cam(network, layer):
    """Weights and signed map of the layer, after a backward pass."""
    w = network.gradients[layer][0].mean(axis=(1, 2))
    return w, np.einsum("k,krc->rc", w, network.activations[layer][0])


def integrated_gradients(network, x, target, n_steps):
    """Trapezoidal rule from a black picture; of the target's probability."""
    total = np.zeros_like(x)
    for i in range(n_steps + 1):
        p = softmax(network.forward(x * (i / n_steps)))
        g = network.backward(p[:, target] * (one(target) - p))
        total += g * (0.5 if i in (0, n_steps) else 1.0)
    return x * total / n_steps


WIDTHS = [3, 4, 5, 6, 7, 8, 9, 8, 10]


def tiny_weights(random, x):
    """Random weights whose running statistics are near those of the picture, so that every layer is
    alive."""
    weights = {}

    def put(name, *shape, scale=1.0, around=0.0):
        value = around + scale * random.standard_normal(shape)
        weights[name] = value.astype(np.float32)

    def conv(name, n_in, n_out, size):
        put(f"{name}.weight", n_out, n_in, size, size, scale=(2 / (n_in * size * size)) ** 0.5)
        put(f"{name}.bias", n_out, scale=0.1)

    def norm(name, n):
        put(f"{name}.weight", n, scale=0.1, around=1.0)
        put(f"{name}.bias", n, scale=0.2, around=0.2)
        weights[f"{name}.running_mean"] = np.zeros(n, np.float32)
        weights[f"{name}.running_var"] = np.ones(n, np.float32)

    def separable(name, n_in, n_out):
        put(f"{name}.depthwise.weight", n_in, 1, 3, 3, scale=0.4)
        conv(f"{name}.pointwise", n_in, n_out, 1)

    conv("stem.0", 3, WIDTHS[0], 3)
    norm("stem.1", WIDTHS[0])
    for n in range(1, N_BLOCKS + 1):
        n_in, n_out = WIDTHS[n - 1], WIDTHS[n]
        separable(f"block{n}.0", n_in, n_out)
        norm(f"block{n}.1", n_out)
        separable(f"block{n}.3", n_out, n_out)
        norm(f"block{n}.4", n_out)
        conv(f"block{n}.shortcut", n_in, n_out, 1)
    separable("tail.0", WIDTHS[-2], WIDTHS[-1])
    norm("tail.1", WIDTHS[-1])
    put("head.weight", 2, WIDTHS[-1], scale=0.15)
    put("head.bias", 2, scale=0.1)
    calibrate(weights, random, x)
    return weights


def calibrate(weights, random, x):
    """Each norm sees the statistics of its own input, somewhat displaced, first to last."""

    class Calibrating(Network):
        def norm(self, name, x):
            deviation = x.std(axis=(0, 2, 3)) + 0.3
            mean = x.mean(axis=(0, 2, 3)) + 0.3 * deviation * random.standard_normal(x.shape[1])
            for part, value in [("running_mean", mean), ("running_var", deviation**2)]:
                weights[f"{name}.{part}"] = value.astype(np.float32)
                self.w[f"{name}.{part}"] = np.float64(weights[f"{name}.{part}"])
            return super().norm(name, x)

    Calibrating(weights).forward(x)


def picture(random, n):
    """A byte a pixel as in a file, with a black wedge as at the edge of a swath."""
    picture = random.integers(0, 256, (1, 3, n, n))
    wedge = np.add.outer(np.arange(n), np.arange(n)) < n // 2
    picture[:, :, wedge] = 0
    return (picture * np.float32(1 / 255)).astype(np.float32)


def tiny():
    random = np.random.default_rng(20190212)
    pictures = {case: picture(random, n) for case, n in [("even", 32), ("odd", 21)]}
    weights = tiny_weights(random, pictures["even"].astype(np.float64))
    tensors = {f"weights/{name}": value for name, value in weights.items()}
    for case, x in pictures.items():
        tensors |= {f"{case}/{name}": value for name, value in inference(weights, x, random)}
    batch = np.concatenate([picture(random, 24) for _ in range(4)])
    tensors |= {f"training/{name}": value for name, value in training(weights, batch)}
    tensors = {name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}
    save_file(tensors, HERE / "polar_low_tiny.safetensors")


def inference(weights, x, random):
    yield "x", x
    x = x.astype(np.float64)
    network = Network(weights)
    yield "logits", network.forward(x)
    for layer, value in network.activations.items():
        yield f"activation/{layer}", value
    for target in range(2):
        check_gradient(network, x, target, random)
        network.forward(x)
        yield f"input_gradient/{target}", network.backward(one(target))
        for layer in network.activations:
            w, raw = cam(network, layer)
            yield f"cam_weights/{target}/{layer}", w
            yield f"cam_raw/{target}/{layer}", raw
    yield "integrated_gradients", integrated_gradients(network, x, 1, 8)


def check_gradient(network, x, target, random):
    network.forward(x)
    gradient = network.backward(one(target))
    direction = random.standard_normal(x.shape)
    h = 1e-7
    score = lambda x: network.forward(x)[0, target]
    numeric = (score(x + h * direction) - score(x - h * direction)) / (2 * h)
    analytic = (gradient * direction).sum()
    assert abs(numeric - analytic) < 1e-5 * abs(analytic) + 1e-7, (numeric, analytic)


LABELS = np.array([0, 1, 1, 0])


def training(weights, batch):
    """Cross-entropy, its gradients and the running statistics after one pass without dropout."""
    network = Network(weights, training=True)
    yield "x", batch
    p, labels = softmax(network.forward(batch.astype(np.float64))), np.eye(2)[LABELS]
    yield "loss", -(labels * np.log(p)).sum(axis=1).mean(keepdims=True)
    network.backward((p - labels) / len(labels))
    for name, value in network.of_weights.items():
        yield f"gradient/{name}", value
    for name, value in network.followed.items():
        yield f"running/{name}", value


def check(folder):
    """Compares with the reference's numbers for the full-size network."""
    from PIL import Image

    for size, model, side, crop in [("128", "512", 192, 128), ("512", "512", 800, 512)]:
        network = Network(read_keras(folder / f"polar_low_{model}.h5"))
        golden = load_file(folder / f"polar_low_{size}_synthetic.safetensors")
        picture = np.asarray(Image.open(folder / "synthetic_700x620.png").convert("RGB"))
        nearest = lambda n: (2 * np.arange(side) + 1) * n // (2 * side)
        picture = picture[nearest(picture.shape[0])][:, nearest(picture.shape[1])]
        offset = (side - crop) // 2
        picture = picture[offset : offset + crop, offset : offset + crop]
        x = (picture.transpose(2, 0, 1)[None] * np.float32(1 / 255)).astype(np.float64)
        report = {"logits": distance(network.forward(x), golden["logits"])}
        report["gap"] = distance(network.pooled, golden["gap"])
        for target in range(2):
            network.forward(x)
            network.backward(one(target))
            for layer in ["activation_14", "activation_15"]:
                w, raw = cam(network, layer)
                name = f"cam.{layer}.class{target}"
                report[f"{name}.weights"] = distance(w, golden[f"{name}.weights"])
                report[f"{name}.raw"] = distance(raw, golden[f"{name}.raw"])
        if size == "128":
            ours = integrated_gradients(network, x, 1, 50)[0].transpose(1, 2, 0)
            difference = ours - golden["ig"]
            report["ig"] = float(np.linalg.norm(difference) / np.linalg.norm(golden["ig"]))
        print(size, json.dumps(report, indent=1))


def distance(ours, theirs):
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def read_keras(path):
    import h5py

    layers = {"convolution": [], "separable": [], "norm": [], "dense": []}
    with h5py.File(path) as file:
        model = file["model_weights"]
        for layer in model.attrs["layer_names"]:
            arrays = {}
            for name in model[layer].attrs["weight_names"]:
                if isinstance(name, (bytes, str)):
                    name = name if isinstance(name, str) else name.decode()
                    arrays[name.split("/")[-1].split(":")[0]] = model[layer][name][()]
            if "depthwise_kernel" in arrays:
                layers["separable"].append(arrays)
            elif "gamma" in arrays:
                layers["norm"].append(arrays)
            elif arrays:
                kind = "dense" if arrays["kernel"].ndim == 2 else "convolution"
                layers[kind].append(arrays)
    weights = {}
    convolutions = ["stem.0"] + [f"block{n}.shortcut" for n in range(1, 8)]
    for name, arrays in zip(convolutions, layers["convolution"], strict=True):
        weights[f"{name}.weight"] = arrays["kernel"].transpose(3, 2, 0, 1)
        weights[f"{name}.bias"] = arrays["bias"]
    separables = [f"block{n}.{k}" for n in range(1, 8) for k in (0, 3)] + ["tail.0"]
    for name, arrays in zip(separables, layers["separable"], strict=True):
        weights[f"{name}.depthwise.weight"] = arrays["depthwise_kernel"].transpose(2, 3, 0, 1)
        weights[f"{name}.pointwise.weight"] = arrays["pointwise_kernel"].transpose(3, 2, 0, 1)
        weights[f"{name}.pointwise.bias"] = arrays["bias"]
    norms = ["stem.1"] + [f"block{n}.{k}" for n in range(1, 8) for k in (1, 4)] + ["tail.1"]
    for name, arrays in zip(norms, layers["norm"], strict=True):
        weights[f"{name}.weight"], weights[f"{name}.bias"] = arrays["gamma"], arrays["beta"]
        weights[f"{name}.running_mean"] = arrays["moving_mean"]
        weights[f"{name}.running_var"] = arrays["moving_variance"]
    weights["head.weight"] = layers["dense"][0]["kernel"].T
    weights["head.bias"] = layers["dense"][0]["bias"]
    return weights


def operations(path):
    wanted = ("maxpool.", "conv.", "bn.")
    tensors = {name: value for name, value in load_file(path).items() if name.startswith(wanted)}
    save_file(tensors, HERE / "tensorflow_ops.safetensors")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            tiny()
        case ["--check", folder]:
            check(Path(folder))
        case ["--ops", path]:
            operations(path)
        case _:
            sys.exit(__doc__)
