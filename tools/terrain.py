"""The terrain of a global weather model as a small NetCDF file.

    python terrain.py OROGRAPHY.npy SOUTH WEST STEP OUTPUT.nc

OROGRAPHY.npy holds metres in float32, rows from the south, columns from the west, the first node at SOUTH and WEST
(degrees), the next one STEP degrees further. Needs nothing beside Python.

`data/terrain/gfs_orography_0p25deg.nc` was made so, with 20 -130 0.25, from the variable `orog` of
`v1/utils/reference_ds.grib2` in github.com/clamalo/harpnet (commit 3bfe29e): the orography of NCEP's Global Forecast
System, a work of the US government. The array is its nodes from 20 to 55 N and from 130 to 60 W, unchanged.
"""

import ast
import struct
import sys

SOURCE = (
    "NCEP Global Forecast System, model orography at 0.25 degrees, "
    "from v1/utils/reference_ds.grib2 of github.com/clamalo/harpnet, commit 3bfe29e"
)
DIMENSIONS, VARIABLES, ATTRIBUTES = 10, 11, 12
CHARACTERS, FLOATS, DOUBLES = 2, 5, 6


def read_npy(path):
    """Rows of metres."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY" and data[6] == 1, "a .npy file of version 1"
    (length,) = struct.unpack("<H", data[8:10])
    head = ast.literal_eval(data[10 : 10 + length].decode())
    assert head["descr"] == "<f4", "float32"
    height, width = head["shape"]
    values = struct.unpack(f"<{height * width}f", data[10 + length :])
    if head["fortran_order"]:
        return [[values[column * height + row] for column in range(width)] for row in range(height)]
    return [values[row * width : (row + 1) * width] for row in range(height)]


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def text(value):
    return struct.pack(">i", len(value)) + padded(value.encode())


def attributes(pairs):
    parts = [text(name) + struct.pack(">i", CHARACTERS) + text(value) for name, value in pairs.items()]
    return struct.pack(">ii", ATTRIBUTES, len(parts)) + b"".join(parts)


def classic(dimensions, variables, about):
    """A file of the classic format: sizes by name, and (name, dimensions, attributes, type, data)."""
    names = list(dimensions)

    def head(begins):
        parts = [b"CDF\x01", struct.pack(">iii", 0, DIMENSIONS, len(names))]
        parts += [text(name) + struct.pack(">i", size) for name, size in dimensions.items()]
        parts += [attributes(about), struct.pack(">ii", VARIABLES, len(variables))]
        for (name, along, pairs, kind, data), begin in zip(variables, begins):
            places = [names.index(dimension) for dimension in along]
            parts.append(text(name) + struct.pack(f">{1 + len(places)}i", len(places), *places))
            parts.append(attributes(pairs) + struct.pack(">iii", kind, len(padded(data)), begin))
        return b"".join(parts)

    begins, at = [], len(head([0] * len(variables)))
    for *_, data in variables:
        begins.append(at)
        at += len(padded(data))
    return head(begins) + b"".join(padded(data) for *_, data in variables)


def axis(name, standard_name, unit, first, step, count):
    values = struct.pack(f">{count}d", *(first + step * place for place in range(count)))
    return (name, [name], {"standard_name": standard_name, "units": unit}, DOUBLES, values)


def main(path, south, west, step, output):
    rows = read_npy(path)
    height, width = len(rows), len(rows[0])
    south, west, step = float(south), float(west), float(step)
    heights = struct.pack(f">{height * width}f", *(value for row in rows for value in row))
    said = {"long_name": "model orography", "standard_name": "surface_altitude", "units": "m"}
    variables = [
        axis("lat", "latitude", "degrees_north", south, step, height),
        axis("lon", "longitude", "degrees_east", west, step, width),
        ("orog", ["lat", "lon"], said, FLOATS, heights),
    ]
    about = {"Conventions": "CF-1.8", "title": "Model orography", "source": SOURCE}
    with open(output, "wb") as file:
        file.write(classic({"lat": height, "lon": width}, variables, about))


if __name__ == "__main__":
    main(*sys.argv[1:])
