"""Makes clouds/ and clouds.json beside this file: small cloud-cover samples and their scores.

Usage: python clouds.py FILE, where FILE is cloud_fields.safetensors (tensors sample0 to sample2, uint8
[10, 256, 256]). Needs numpy and safetensors.

The samples are 32 x 32 pixels of those, in the layout of SAR-UNet's program (arr_0, [height, width,
time]). The scores follow its test script, written down again here: masks above one half, counts over all
samples, mean squared error a pixel, for the stand-in model 0.8 last + 0.1 first input + 0.05 and for
persistence; by lead time, and over all of them, as that script takes them.
"""

import json
import pathlib
import sys
import zipfile
import io

import numpy as np
from safetensors.numpy import load_file

here = pathlib.Path(__file__).parent
fields = load_file(sys.argv[1])
samples = [fields[f"sample{i}"][:, 96:128, 100:132] for i in range(3)]

(here / "clouds").mkdir(exist_ok=True)
for i, sample in enumerate(samples):
    array = io.BytesIO()
    np.save(array, np.ascontiguousarray(np.moveaxis(sample, 0, -1)))
    with zipfile.ZipFile(here / "clouds" / f"sample{i}.npz", "w") as file:
        # A fixed date, so that equal samples are equal files.
        entry = zipfile.ZipInfo("arr_0.npy", (1980, 1, 1, 0, 0, 0))
        file.writestr(entry, array.getvalue(), zipfile.ZIP_DEFLATED, 9)


def ratio(a, b):
    return None if b == 0 else float(a) / float(b)


def scores(pairs):
    tp = fn = fp = tn = n = 0
    squared = 0.0
    for forecast, observed in pairs:
        p, t = forecast > 0.5, observed > 0.5
        tp += int(np.sum(p & t))
        fn += int(np.sum(~p & t))
        fp += int(np.sum(p & ~t))
        tn += int(np.sum(~p & ~t))
        squared += float(np.sum((forecast.astype("f8") - observed) ** 2))
        n += observed.size
    precision, recall = ratio(tp, tp + fp), ratio(tp, tp + fn)
    both = None not in (precision, recall)
    hss = ratio(tp * tn - fn * fp, (tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))
    return {
        "hits": tp,
        "misses": fn,
        "false_alarms": fp,
        "correct_negatives": tn,
        "precision": precision,
        "recall": recall,
        "accuracy": ratio(tp + tn, n),
        "f1": ratio(2 * precision * recall, precision + recall) if both else None,
        "csi": ratio(tp, tp + fn + fp),
        "far": ratio(fp, tp + fp),
        "hss": None if hss is None else 2 * hss,
        "hss_paper": hss,
        "mse": squared / n,
    }


forecasts = {
    "model": lambda x: np.float32(0.8) * x[3] + np.float32(0.1) * x[0] + np.float32(0.05),
    "persistence": lambda x: x[3],
}
result = {}
for name, forecast in forecasts.items():
    by_lead = [
        [(forecast(s[:4].astype("f4")), s[4 + lead].astype("f4")) for s in samples]
        for lead in range(6)
    ]
    result[name] = {str(15 * (lead + 1)): scores(pairs) for lead, pairs in enumerate(by_lead)}
    result[name]["all"] = scores([pair for pairs in by_lead for pair in pairs])
(here / "clouds.json").write_text(json.dumps(result, indent=1) + "\n")
