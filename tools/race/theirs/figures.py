"""One Grad-CAM map over the rain as a figure of matplotlib: the panels of this program's figure."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

DPI = 150
WIDTH_MM, HEIGHT_MM = 85.0, 88.2
MM_PER_INCH = 25.4
# Classes of rain, and where evidence is no longer transparent, as in this program's figure.
LEVELS_MM_H = (0.1, 0.5, 1, 2, 4, 7, 10, 20, 30, 50)
OPACITY, FADES_UNTIL = 0.85, 0.2


def evidence(cam):
    """Red, green, blue and opacity: viridis, transparent where there is little to say."""
    from matplotlib import colormaps

    colours = colormaps["viridis"](cam)
    colours[..., 3] = OPACITY * np.minimum(cam / FADES_UNTIL, 1)
    return colours


def greys():
    shades = np.linspace(0.95, 0.25, len(LEVELS_MM_H))
    colours = ListedColormap([str(shade) for shade in shades])
    norm = BoundaryNorm(LEVELS_MM_H, len(shades), extend="max")
    return colours.with_extremes(under="white"), norm


def draw(cam, rain_mm_h, title, details):
    """A PNG file, drawn without `pyplot` and its bookkeeping."""
    figure = Figure((WIDTH_MM / MM_PER_INCH, HEIGHT_MM / MM_PER_INCH), dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.145, 0.14, 0.65, 0.65 * WIDTH_MM / HEIGHT_MM))
    extent = (0, cam.shape[1], 0, cam.shape[0])
    colours, norm = greys()
    axes.imshow(rain_mm_h, cmap=colours, norm=norm, extent=extent, interpolation="nearest")
    axes.imshow(evidence(cam), extent=extent, interpolation="nearest")
    axes.set_xlabel("east (km)", fontsize=7)
    axes.set_ylabel("north (km)", fontsize=7)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.14, linewidth=0.3)
    legend(figure)
    figure.text(0.03, 0.97, title, fontsize=8, weight="bold", va="top")
    for line, text in enumerate(details):
        figure.text(0.03, 0.925 - 0.035 * line, text, fontsize=7, va="top")
    figure.text(0.03, 0.01, "KNMI, CC BY 4.0", fontsize=6, va="bottom")
    file = io.BytesIO()
    canvas.print_png(file)
    return file.getvalue()


def legend(figure):
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = figure.add_axes((0.83, 0.14, 0.035, 0.65 * WIDTH_MM / HEIGHT_MM))
    scale = ScalarMappable(Normalize(0, 1), "viridis")
    figure.colorbar(scale, cax=bar).set_label("Grad-CAM (share of maximum)", fontsize=7)
    bar.tick_params(labelsize=7)
