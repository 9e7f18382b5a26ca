"""One small polar-low CNN with random weights in the three files that Keras 3 writes.

    KERAS_BACKEND=torch python make.py    writes model.h5, model.weights.h5 and model.keras beside this file

Made with Keras 3.15.1. A model is built and thrown away first, so that the layers' names do not begin with 0.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
WIDTHS = [1, 1, 2, 4, 8, 16, 32, 64, 128]


def model():
    seen = keras.Input((48, 48, 3))
    x = keras.Sequential([layers.RandomZoom(0.15), layers.CenterCrop(32, 32)])(seen)
    x = layers.Conv2D(WIDTHS[0], 3, strides=2, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for width in WIDTHS[1:-1]:
        before = x
        x = layers.SeparableConv2D(width, 3, padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.SeparableConv2D(width, 3, padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, layers.Conv2D(width, 1, strides=2, padding="same")(before)])
    x = layers.SeparableConv2D(WIDTHS[-1], 3, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(seen, layers.Dense(2, activation="softmax")(x))


model()
network = model()
random = np.random.default_rng(1)
network.set_weights([random.random(w.shape, np.float32) for w in network.get_weights()])
network.save(HERE / "model.h5")
network.save_weights(HERE / "model.weights.h5")
network.save(HERE / "model.keras")
