"""Writes the seeds of fields: a message of GRIB for each packing, and NetCDF of each container.

    python fuzz/make_fields.py       needs numpy, h5py and Pillow

All are small and hold no measurements: twelve nodes with the numbers 0 to 11, or so. Those that ecCodes and
netCDF4-python wrote are copies from the tests of stormlens-data.
"""

import io
import shutil
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FIELDS = HERE.parent / "crates/stormlens-data/tests/fields"
HEIGHT, WIDTH = 3, 4
VALUES = [0, 1, 2, 3, 5, 8, 8, 7, 4, 4, 9, 11]


def folder(name):
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    return CORPUS / name


def bits(numbers, width):
    """Numbers of some bits each, up to the next whole byte."""
    text = "".join(f"{number:0{width}b}" for number in numbers) if width else ""
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def section(number, *parts):
    body = b"".join(parts)
    return struct.pack(">IB", len(body) + 5, number) + body


def message(*sections):
    body = b"".join(sections) + b"7777"
    return b"GRIB\0\0\0\2" + struct.pack(">Q", 16 + len(body)) + body


def identification():
    return section(1, struct.pack(">HHBBBHBBBBBBB", 7, 0, 2, 1, 1, 2024, 5, 1, 0, 0, 0, 0, 1))


def grid(template=0, corners=((40.0, 10.0), (38.0, 13.0)), last=1_000_000, height=HEIGHT):
    """Latitudes and longitudes, or Gaussian: then `last` is half the number of latitudes."""
    (lat1, lon1), (lat2, lon2) = [[signed(round(d * 1e6)) for d in corner] for corner in corners]
    return section(
        3,
        struct.pack(">BIBBH", 0, height * WIDTH, 0, 0, template),
        b"\x06" + b"\xff" * 15,
        struct.pack(">IIII", WIDTH, height, 0, 0xFFFFFFFF),
        struct.pack(">IIBIIIIB", lat1, lon1, 0x30, lat2, lon2, 1_000_000, last, 0),
    )


def signed(number):
    """The first bit is the sign."""
    return abs(number) | (0x80000000 if number < 0 else 0)


def product(hours=(0, 3)):
    """Rain summed over some hours at the ground."""
    begin, end = hours
    level = bytes([1, 0, 0, 0, 0, 0]) + b"\xff" * 6
    head = struct.pack(">HHBBBBBHBBI", 0, 8, 1, 8, 2, 0, 0, 0, 0, 1, begin)
    until = struct.pack(">HBBBBBBI", 2024, 5, 1, end, 0, 0, 1, 0)
    return section(4, head, level, until, bytes([1, 2, 1]), struct.pack(">IBI", end - begin, 255, 0))


def simple_head(template, n_bits, n=len(VALUES), reference=0.0, decimal=1):
    return struct.pack(">IHfHHBB", n, template, reference, 0, decimal, n_bits, 0)


def whole(representation, data, bitmap=b"\xff", head=None):
    head = head or identification() + grid() + product()
    return message(head, section(5, *representation), section(6, bitmap), section(7, data))


def grouped(order):
    """Complex packing in three groups of four; of differences of that order, which begin with the first values and
    the least difference."""
    packed, extra = list(VALUES), b""
    if order:
        first = packed[:order]
        for _ in range(order):
            packed = [b - a for a, b in zip(packed, packed[1:])]
        least = min(packed)
        packed = [0] * order + [value - least for value in packed]
        extra = struct.pack(f">{order}H", *first)
        extra += struct.pack(">H", abs(least) | (0x8000 if least < 0 else 0))
    groups = [packed[i : i + 4] for i in range(0, len(packed), 4)]
    references = [min(group) for group in groups]
    widths = [(max(g) - r).bit_length() for g, r in zip(groups, references)]
    head = [
        simple_head(3 if order else 2, 8),
        struct.pack(">BBII", 1, 0, 0xFFFFFFFF, 0xFFFFFFFF),
        # Three groups; widths from 0 in four bits; lengths of four, in steps of one, the last of four; one bit each.
        struct.pack(">IBBIBIB", len(groups), 0, 4, 4, 1, 4, 1),
    ]
    if order:
        head.append(struct.pack(">BB", order, 2))
    rest = "".join(
        f"{value - r:0{w}b}" for g, r, w in zip(groups, references, widths) if w for value in g
    )
    rest += "0" * (-len(rest) % 8)
    values = bytes(int(rest[i : i + 8], 2) for i in range(0, len(rest), 8))
    return whole(head, extra + bits(references, 8) + bits(widths, 4) + bits([0] * 3, 1) + values)


def png():
    chunk = lambda kind, body: (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    )
    rows = b"".join(
        b"\0" + struct.pack(f">{WIDTH}H", *VALUES[i : i + WIDTH]) for i in range(0, len(VALUES), WIDTH)
    )
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 0, 0, 0, 0)
    picture = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return whole([simple_head(41, 16)], b"\x89PNG\r\n\x1a\n" + picture)


def jpeg2000():
    file = io.BytesIO()
    pixels = np.array(VALUES, np.uint8).reshape(HEIGHT, WIDTH)
    Image.fromarray(pixels).save(file, "JPEG2000", no_jp2=True, irreversible=False, num_resolutions=1)
    return whole([simple_head(40, 8), bytes([0, 255])], file.getvalue())


def ccsds(n_bits):
    """Blocks of eight that say that they are not compressed; with 0 bits there is nothing."""
    samples = VALUES + [0] * 4
    blocks = "".join("1111" + "".join(f"{v:016b}" for v in samples[i : i + 8]) for i in (0, 8))
    data = int(blocks, 2).to_bytes(len(blocks) // 8, "big") if n_bits else b""
    return whole([simple_head(42, n_bits), struct.pack(">BBH", 6, 8, 128)], data)


def run_lengths():
    """Level 1 six times, level 2 six times: a level, then how often it comes again, above the highest level."""
    levels = struct.pack(">BHHB2H", 8, 2, 2, 1, 5, 15)
    return whole([struct.pack(">IH", len(VALUES), 200), levels], bytes([1, 2 + 6, 2, 2 + 6]))


def gribs():
    write = lambda name, content: (folder("grib") / f"{name}.grib2").write_bytes(content)
    of_two_bytes = struct.pack(">12H", *VALUES)
    write("simple", whole([simple_head(0, 16)], of_two_bytes))
    write("five_bits", whole([simple_head(0, 5)], bits(VALUES, 5)))
    write("constant", whole([simple_head(0, 0)], b""))
    present = bytes([0, 0b11011111, 0b10110000])
    write("bitmap", whole([simple_head(0, 16, 10)], of_two_bytes[:20], present))
    # Two fields of one grid in one message, and two messages.
    field = lambda hours: (
        product(hours) + section(5, simple_head(0, 16)) + section(6, b"\xff") + section(7, of_two_bytes)
    )
    write("two_fields", message(identification(), grid(), field((0, 3)), field((0, 6))))
    write("two_messages", whole([simple_head(0, 16)], of_two_bytes) * 2)
    # The roots of the Legendre polynomial of degree four.
    gaussian = grid(40, ((59.444408, 10.0), (-59.444408, 13.0)), 2, 4)
    head = identification() + gaussian + product()
    write("gaussian", whole([simple_head(0, 16, 16)], struct.pack(">16H", *range(16)), head=head))
    write("complex", grouped(0))
    write("differences", grouped(1))
    write("second_differences", grouped(2))
    write("png", png())
    write("jpeg2000", jpeg2000())
    write("ccsds", ccsds(16))
    write("ccsds_constant", ccsds(0))
    write("run_lengths", run_lengths())
    shutil.copy(FIELDS / "edition1.grib1", folder("grib"))


def netcdf4(name, libver, **storage):
    """What netCDF calls a dimension is a scale in HDF5."""
    with h5py.File(folder("netcdf") / name, "w", libver=libver) as file:
        axes = {
            "time": (np.array([3, 6], "i4"), "hours since 2024-1-1 0:0:0"),
            "latitude": (np.array([50.5, 50.0, 49.5]), "degrees_north"),
            "longitude": (np.array([359.0, 0.0, 1.0, 2.0]), "degrees_east"),
        }
        for axis, (values, unit) in axes.items():
            scale = file.create_dataset(axis, data=values)
            scale.make_scale(axis)
            scale.attrs["units"] = np.bytes_(unit)
        values = np.arange(24, dtype="i2").reshape(2, 3, 4)
        rain = file.create_dataset("tp", data=values, **storage)
        rain.attrs["units"] = np.bytes_("mm")
        rain.attrs["scale_factor"] = 0.1
        rain.attrs["_FillValue"] = np.array([-32768], "i2")
        rain.attrs["cell_methods"] = np.bytes_("time: sum")
        for i, axis in enumerate(axes):
            rain.dims[i].attach_scale(file[axis])


def netcdfs():
    for name in ["forecast_classic.nc", "forecast_64bit.nc", "no_bounds.nc"]:
        shutil.copy(FIELDS / name, folder("netcdf"))
    netcdf4("netcdf4_earliest.nc", "earliest")
    netcdf4("netcdf4_latest_gzip.nc", "latest", chunks=(1, 3, 4), compression="gzip", shuffle=True)


gribs()
netcdfs()
