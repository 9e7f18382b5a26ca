"""Makes the hashes beside this file from the reference program's own files.

Usage: python make.py FOLDER, where FOLDER holds sar_unet_precip.safetensors (tensor `x`: the crop of
04:00 to 04:55 on 26 August 2010) and the knmi_mini_*.h5 files that the reference program's
create_datasets wrote. Needs numpy, h5py and safetensors.
"""

import hashlib
import json
import pathlib
import sys

import h5py
from safetensors.numpy import load_file

folder = pathlib.Path(sys.argv[1])


def sha256(array):
    return hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()


hashes = {"x": sha256(load_file(folder / "sar_unet_precip.safetensors")["x"])}
for name in ["intermediate", "input-length_12_img-ahead_6_rain-threshold_50"]:
    with h5py.File(folder / f"knmi_mini_{name}.h5") as file:
        for group in ["train", "test"]:
            hashes[f"{name}/{group}"] = sha256(file[group]["images"][:])

text = json.dumps(hashes, indent=1) + "\n"
pathlib.Path(__file__).with_name("knmi_sha256.json").write_text(text)
