"""The side of matplotlib: `python side_matplotlib.py INPUTS ROOT`."""

import sys
from pathlib import Path

import matplotlib
import numpy as np

import figures
import protocol
import radar


def figure():
    inputs = Path(sys.argv[1])
    cam = np.load(inputs / "figure_cam.npy")
    newest = np.load(inputs / "sar.npy")[-1]
    rain_mm_h = newest * (radar.NORMALISATION_MM_5MIN * radar.STEPS_PER_HOUR)
    title = "Grad-CAM, Up_RRCNN2.doubleconv"
    details = ["rain predicted above 1.5 mm/h", "beneath, in grey: rain in the newest input frame"]

    def draw():
        return {"figure.png": np.frombuffer(figures.draw(cam, rain_mm_h, title, details), np.uint8)}

    return {"object-oriented": draw}


if __name__ == "__main__":
    protocol.serve({"figure": figure}, lambda: {"matplotlib": matplotlib.__version__})
