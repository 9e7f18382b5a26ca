"""Writes the seeds in other programs' formats: HDF5, npy, npz, the archives of Keras and plain safetensors.

    python fuzz/make_seeds.py        needs numpy and h5py; made with numpy 2 and h5py 3

All are small and hold no measurements. Seeds of PyTorch, and our own safetensors, a test of stormlens-checkpoint writes.
"""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np

CORPUS = Path(__file__).parent / "corpus"
FORMULA = "GEO=0.010000*PV+0.000000"
PROJECTION = "+proj=stere +lat_0=90 +lon_0=0.0 +lat_ts=60.0 +a=6378.137 +b=6356.752 +x_0=0 +y_0=0"


def folder(name):
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    return CORPUS / name


def fixed(*texts):
    """Texts as KNMI has them: an array of one, of fixed length."""
    return np.array([text.encode() for text in texts])


def radar(name, libver, shape=(765, 700), dtype="u2", **storage):
    """A frame of KNMI; `earliest` are the structures of HDF5 1.6, `latest` those of 1.10."""
    values = np.zeros(shape, dtype)
    values.flat[::1013] = 7
    with h5py.File(folder("radar") / name, "w", libver=libver) as file:
        image = file.create_group("image1")
        image.create_dataset("image_data", data=values, **storage)
        image.attrs["image_product_name"] = fixed("RAD_NL25_RAC_5min")
        image.attrs["image_geo_parameter"] = "ACCUMULATED_PRECIPITATION_[MM]"
        calibration = image.create_group("calibration")
        calibration.attrs["calibration_formulas"] = fixed(FORMULA)
        calibration.attrs["calibration_missing_data"] = np.array([65534], "i4")
        geographic = file.create_group("geographic")
        geographic.attrs["geo_row_offset"] = np.array([3650.0], "f4")
        geographic.attrs["geo_column_offset"] = np.array([0.0], "f4")
        geographic.attrs["geo_pixel_size_x"] = np.array([1.0], "f4")
        geographic.attrs["geo_pixel_size_y"] = np.array([-1.0], "f4")
        projection = geographic.create_group("map_projection")
        projection.attrs["projection_proj4_params"] = fixed(PROJECTION)
        overview = file.create_group("overview")
        overview.attrs["product_datetime_start"] = fixed("01-JAN-2016;00:00:00.000")
        overview.attrs["product_datetime_end"] = fixed("01-JAN-2016;00:05:00.000")


def radars():
    whole = {"chunks": (765, 700), "compression": "gzip", "compression_opts": 9}
    tiles = {"chunks": (256, 256), "compression": "gzip", "compression_opts": 9}
    for libver in ["earliest", "latest"]:
        radar(f"gzip_{libver}.h5", libver, **whole)
        radar(f"tiles_shuffled_{libver}.h5", libver, shuffle=True, fletcher32=True, **tiles)
    radar("int32_big_endian.h5", "earliest", dtype=">i4", **whole)
    radar("contiguous_too_small.h5", "earliest", shape=(5, 7))
    with h5py.File(folder("radar") / "odim.h5", "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_3")
        file.create_dataset("dataset1/data1/data", data=np.zeros((5, 7), "u1"))


def windows(name, libver, **storage):
    """Windows of frames of radar in the layout of SmaAt-UNet."""
    with h5py.File(folder("dataset") / name, "w", libver=libver) as file:
        for group, n in [("train", 3), ("test", 2)]:
            values = np.linspace(0, 1, n * 4 * 5 * 6, dtype="f4").reshape(n, 4, 5, 6)
            file.create_dataset(f"{group}/images", data=values, maxshape=(None, 4, 5, 6), **storage)
            times = [[[f"01-JAN-2016;00:{5 * frame:02}:00.000"] for frame in range(4)]] * n
            text = h5py.string_dtype()
            file.create_dataset(f"{group}/timestamps", data=np.array(times, object), dtype=text)


def dense(libver, is_fixed):
    """The older file of Keras: one layer of two inputs and three outputs."""
    file = io.BytesIO()
    with h5py.File(file, "w", libver=libver) as h5:
        names = (lambda *texts: fixed(*texts)) if is_fixed else (lambda *texts: list(texts))
        config = {"config": {"layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 3]}},
            {"class_name": "CenterCrop", "config": {"height": 4, "width": 4}},
        ]}}
        h5.attrs["keras_version"] = "3.15.1"
        h5.attrs["model_config"] = json.dumps(config)
        model = h5.create_group("model_weights")
        model.attrs["layer_names"] = names("dense", "dropout")
        layer = model.create_group("dense")
        layer.attrs["weight_names"] = names("dense/kernel:0", "dense/bias:0")
        layer.create_dataset("dense/kernel:0", data=np.arange(6, dtype="f4").reshape(2, 3))
        layer.create_dataset("dense/bias:0", data=np.arange(3, dtype="f4"))
        model.create_group("dropout").attrs["weight_names"] = np.zeros(0)
    return file.getvalue()


def numbered(libver, **storage):
    """The weights of Keras 3: a convolution and its norm."""
    file = io.BytesIO()
    arrays = {
        "conv2d": [np.ones((1, 1, 2, 3), "f4"), np.ones(3, "f4")],
        "batch_normalization": [np.ones(3, "f4")] * 4,
    }
    with h5py.File(file, "w", libver=libver) as h5:
        h5.create_group("vars")
        for name, values in arrays.items():
            for number, value in enumerate(values):
                h5.create_dataset(f"layers/{name}/vars/{number}", data=value, **storage)
    return file.getvalue()


def keras():
    for libver in ["earliest", "latest"]:
        for is_fixed in [False, True]:
            kind = "fixed" if is_fixed else "variable"
            (folder("keras_hdf5") / f"dense_{kind}_{libver}.h5").write_bytes(dense(libver, is_fixed))
        (folder("keras_hdf5") / f"numbered_{libver}.weights.h5").write_bytes(numbered(libver))
    gzip = numbered("latest", chunks=True, compression="gzip")
    (folder("keras_hdf5") / "numbered_gzip.weights.h5").write_bytes(gzip)
    for kind, method in [("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)]:
        with zipfile.ZipFile(folder("keras_archive") / f"{kind}.keras", "w", method) as archive:
            # With a fixed date, so that the same bytes come out again.
            add = lambda name, content: archive.writestr(zipfile.ZipInfo(name), content, method)
            add("metadata.json", json.dumps({"keras_version": "3.15.1"}))
            add("config.json", json.dumps({"config": {"layers": []}}))
            add("model.weights.h5", numbered("latest"))


def arrays():
    values = np.arange(12).reshape(3, 4)
    for name, dtype in [("float32", "<f4"), ("float64", "<f8"), ("big_endian", ">f4"), ("half", "<f2")]:
        np.save(folder("npy") / f"{name}.npy", values.astype(dtype))
    np.save(folder("npy") / "fortran.npy", np.asfortranarray(values.astype("f4")))
    np.save(folder("npy") / "mask.npy", (values > 0).astype("u1"))
    np.save(folder("npy") / "texts.npy", np.array(["201601010000", "201601010005"]))
    np.save(folder("npy") / "bytes.npy", np.array([b"a.h5", b"bc.h5"]))
    np.save(folder("npy") / "scalar.npy", np.float32(7))
    np.save(folder("npy") / "empty.npy", np.zeros((0, 3), "f4"))
    np.save(folder("npy") / "records.npy", np.zeros(2, [("a", "<f4"), ("b", "<i2")]))
    with open(folder("npy") / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, values.astype("f4"), version=(2, 0))
    clouds = (np.arange(2 * 3 * 10).reshape(2, 3, 10) % 3 == 0)
    for dtype in ["u1", "?", "<i8", "<f8"]:
        kind = np.dtype(dtype).name
        np.savez(folder("npz") / f"clouds_{kind}.npz", clouds.astype(dtype))
    np.savez_compressed(folder("npz") / "clouds_deflated.npz", clouds.astype("u1"))
    np.savez_compressed(folder("npz") / "several.npz", clouds.astype("u1"), other=values, text="a text")


def repeated(file, owner, name, n, n_text):
    """An attribute whose references all point to its first text, which is long."""
    texts = np.array(["x" * n_text] + ["y"] * (n - 1), object)
    with h5py.File(file, "a", libver="earliest") as h5:
        h5[owner].attrs.create(name, texts, dtype=h5py.string_dtype())
    content = file.getvalue()
    first = content.index(struct.pack("<I", n_text))
    while content[first + 16 : first + 20] != struct.pack("<I", 1):
        first = content.index(struct.pack("<I", n_text), first + 1)
    reference = content[first : first + 16]
    return content[:first] + reference * n + content[first + 16 * n :]


def repeated_texts():
    """A file for a test of the reader: 40 kB of text, four thousand times."""
    crates = Path(__file__).parent.parent / "crates"
    frame = io.BytesIO((CORPUS / "radar" / "gzip_earliest.h5").read_bytes())
    radar_file = crates / "stormlens-data/tests/radar/repeated_text.h5.gz"
    radar_file.write_bytes(gzip.compress(repeated(frame, "image1", "comment", 4000, 40_000), 9, mtime=0))


def plain_safetensors():
    head = json.dumps({
        "model.a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "model.b": {"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]},
        "model.n": {"dtype": "I64", "shape": [], "data_offsets": [22, 30]},
        "__metadata__": {"format": "pt"},
    }).encode()
    data = np.arange(4, dtype="<f4").tobytes() + bytes(6) + struct.pack("<q", 7)
    file = struct.pack("<Q", len(head)) + head + data
    (folder("safetensors") / "plain.safetensors").write_bytes(file)


radars()
windows("windows_earliest.h5", "earliest")
windows("windows_gzip_latest.h5", "latest", chunks=(1, 2, 5, 6), compression="gzip")
keras()
arrays()
plain_safetensors()
repeated_texts()
