"""Cuts of two sources of rain, for the tests of tools/other_rain.py.

    python other_rain_cuts.py CMORPH.h5 STAGE4.grb    writes cmorph_cut.h5 and stage4_cut.grb beside this file

The first has two hours of 40 x 48 cells, the second 90 x 60 points; values are as published, and the corner of the second is
where its first point lies. `tests/fields/README.md` says whose they are.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent


def cmorph(source, frames, rows, columns):
    with h5py.File(source) as whole, h5py.File(HERE / "cmorph_cut.h5", "w") as cut:
        cut.attrs["source"] = whole.attrs["source"]
        pieces = {"time": (frames,), "lat": (rows,), "lon": (columns,), "rain_rate": (frames, rows, columns)}
        for name, piece in pieces.items():
            options = {"compression": "gzip"} if len(piece) > 1 else {}
            cut.create_dataset(name, data=whole[name][piece], **options)
            for attribute, value in whole[name].attrs.items():
                cut[name].attrs[attribute] = value


def number(data, first, length):
    return int.from_bytes(data[first - 1 : first - 1 + length], "big")


def whole_sections(data):
    at, found = 8, []
    for _ in range(4):
        length = number(data, at + 1, 3)
        found.append(bytearray(data[at : at + length]))
        at += length
    return found




def even(section):
    return section + b"\0" * (len(section) % 2)


def corner(column, row):
    """Latitude and longitude of a point, thousandths of a degree, on the sphere of HRAP."""
    distances = (1 + np.sin(np.radians(60))) * 6371.2 / 4.7625
    latitude, east = np.radians(23.117), np.radians(-119.017 + 105)
    away = distances * np.cos(latitude) / (1 + np.sin(latitude))
    x, y = away * np.sin(east) + column, -away * np.cos(east) + row
    latitude = 90 - 2 * np.degrees(np.arctan(np.hypot(x, y) / distances))
    return round(latitude * 1000), round((np.degrees(np.arctan2(x, -y)) - 105) * 1000)


def signed(value):
    return (abs(value) | (1 << 23 if value < 0 else 0)).to_bytes(3, "big")


def stage4(source, rows, columns):
    data = Path(source).read_bytes()
    product, grid, bitmap, values = whole_sections(data)
    width, height, n_bits = number(grid, 7, 2), number(grid, 9, 2), values[10]
    is_there = np.unpackbits(np.frombuffer(bitmap[6:], np.uint8))[: width * height].astype(bool)
    bits = np.zeros((width * height, n_bits), np.uint8)
    count = is_there.sum()
    bits[is_there] = np.unpackbits(np.frombuffer(values[11:], np.uint8))[: count * n_bits].reshape(-1, n_bits)
    there = is_there.reshape(height, width)[rows, columns]
    kept = bits.reshape(height, width, n_bits)[rows, columns][there]
    latitude, longitude = corner(columns.start, rows.start)
    grid[6:10] = there.shape[1].to_bytes(2, "big") + there.shape[0].to_bytes(2, "big")
    grid[10:16] = signed(latitude) + signed(longitude)
    mask = even(bytes(bitmap[:6]) + np.packbits(there.ravel()).tobytes())
    numbers = even(bytes(values[:11]) + np.packbits(kept.ravel()).tobytes())
    n_unused = 8 * (len(numbers) - 11) - kept.size
    mask = len(mask).to_bytes(3, "big") + bytes([8 * (len(mask) - 6) - there.size]) + mask[4:]
    numbers = len(numbers).to_bytes(3, "big") + bytes([n_unused]) + numbers[4:]
    body = bytes(product) + bytes(grid) + mask + numbers + b"7777"
    (HERE / "stage4_cut.grb").write_bytes(b"GRIB" + (len(body) + 8).to_bytes(3, "big") + b"\x01" + body)


if __name__ == "__main__":
    cmorph(sys.argv[1], slice(0, 4), slice(260, 300), slice(672, 720))
    stage4(sys.argv[2], slice(120, 180), slice(660, 750))
