"""The side of TensorFlow and Keras: `python side_tensorflow.py INPUTS ROOT`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

import polar_low
import protocol

INPUTS, ROOT = map(Path, sys.argv[1:3])
WEIGHTS = ROOT / "checkpoints/polar-low/simulated-192/weights.safetensors"
POLAR_LOW = 1
N_POINTS = 4


def scene(name):
    """`[1, side, side, 3]` from an array of channels."""
    return tf.constant(np.load(INPUTS / f"{name}.npy").transpose(1, 2, 0)[None])


def traced(function, *arguments):
    """The function as a graph, which is what its gradient is taken in: called as it stands, it also
    computes the gradients of the weights, and ended the process there (TensorFlow 2.21 on a CPU)."""
    return called(tf.function(function), *arguments)


def called(function, *arguments):
    return lambda: {name: v.numpy() for name, v in function(*arguments).items()}


def forward(side):
    def prepare():
        network = polar_low.load(WEIGHTS, side)
        logits = lambda x: {"logits": network(x, training=False)[0]}
        x = scene(f"polar_{side}")
        # Compiled by XLA it took five times as long as traced (TensorFlow 2.21 on a CPU).
        return {"graph": traced(logits, x), "eager": called(logits, x)}

    return prepare


def points_of_path():
    """Value and gradient at four points of a path, weighted by the trapezoid rule."""
    network = polar_low.load(WEIGHTS, 512)
    alphas = tf.reshape(tf.linspace(0.0, 1.0, N_POINTS), (-1, 1, 1, 1))
    weights = tf.reshape(tf.constant([0.5] + [1.0] * (N_POINTS - 2) + [0.5]), (-1, 1, 1, 1))

    def integrate(x, baseline):
        difference = x - baseline
        points = baseline + alphas * difference
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            outputs = tf.nn.softmax(network(points, training=False))[:, POLAR_LOW]
        gradients = tape.gradient(outputs, points)
        mean = tf.reduce_sum(weights * gradients, 0) / (N_POINTS - 1)
        attribution = tf.transpose(difference[0] * mean, (2, 0, 1))
        return {"attribution": attribution, "path": outputs}

    return {"graph": traced(integrate, scene("polar_512"), scene("polar_512_baseline"))}


def versions():
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


PATHS = {
    "polar-forward-512": forward(512),
    "polar-forward-1024": forward(1024),
    "polar-ig-point": points_of_path,
}

if __name__ == "__main__":
    n_threads = int(os.environ["STORMLENS_RACE_THREADS"])
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    protocol.serve(PATHS, versions)
