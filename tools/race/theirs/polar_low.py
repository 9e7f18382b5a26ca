"""The polar-low CNN (Grahn and Bianchi 2022) in Keras, with the values of this project's weights.

Input `[batch, side, side, 3]` in 0 to 1, the centre of a scene as it comes out of the published
cropping and rescaling layers; output logits `[batch, 2]`.
"""

import keras
from keras import layers

WIDTHS = (8, 8, 16, 32, 64, 128, 256, 512)
TAIL_WIDTH = 1024


def build(side):
    """The network for one size of scene, and the name in our weights of each layer that has any."""
    named = {}

    def conv(name, x, n, size):
        named[name] = layers.Conv2D(n, size, strides=2, padding="same")
        return named[name](x)

    def separable(name, number, x, n):
        named[f"{name}.{number}"] = layers.SeparableConv2D(n, 3, padding="same")
        return norm_relu(f"{name}.{number + 1}", named[f"{name}.{number}"](x))

    def norm_relu(name, x):
        named[name] = layers.BatchNormalization()
        return layers.Activation("relu")(named[name](x))

    scene = keras.Input((side, side, 3))
    x = norm_relu("stem.1", conv("stem.0", scene, WIDTHS[0], 3))
    for n in range(1, len(WIDTHS)):
        block = f"block{n}"
        y = separable(block, 3, separable(block, 0, x, WIDTHS[n]), WIDTHS[n])
        y = layers.MaxPooling2D(3, strides=2, padding="same")(y)
        x = layers.add([y, conv(f"{block}.shortcut", x, WIDTHS[n], 1)])
    x = separable("tail", 0, x, TAIL_WIDTH)
    x = layers.GlobalAveragePooling2D()(x)
    named["head"] = layers.Dense(2)
    return keras.Model(scene, named["head"](layers.Dropout(0.5)(x))), named


def values(layer, name, tensors):
    """The weights of a layer in the order and the axes of Keras."""
    part = lambda suffix: tensors[f"{name}.{suffix}"]
    if isinstance(layer, layers.SeparableConv2D):
        depthwise = part("depthwise.weight").transpose(2, 3, 0, 1)
        pointwise = part("pointwise.weight").transpose(2, 3, 1, 0)
        return [depthwise, pointwise, part("pointwise.bias")]
    if isinstance(layer, layers.BatchNormalization):
        return [part(p) for p in ("weight", "bias", "running_mean", "running_var")]
    kernel = part("weight")
    return [kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T, part("bias")]


def load(path, side):
    """The network for one size of scene with the weights of a safetensors file."""
    from safetensors.numpy import load_file

    tensors = {name: v.astype("float32") for name, v in load_file(path).items()}
    network, named = build(side)
    for name, layer in named.items():
        layer.set_weights(values(layer, name, tensors))
    return network
