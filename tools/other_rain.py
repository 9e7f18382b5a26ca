"""Rain of other sources as hourly or six-hourly sums that `stormlens evaluate --dataset` reads.

    python other_rain.py cmorph IN.h5 OUT.nc
    python other_rain.py stage4 IN.grb OUT.nc

Needs numpy, netCDF4 and (for cmorph) h5py. OUT.nc is NetCDF-4 with CF axes: `tp` in mm [time, lat, lon], bounds of times.

cmorph: CMORPH rates, `rain_rate` int16 [time, lat, lon] in mm/h of the 30 minutes that begin at `time`, in a cut without
axes of NetCDF (NOAA CDR V1.0, public domain, source NOAA/NCEI CMORPH CDR). The sum of an hour is half of the sum of its two
rates, and missing where one of them is. The grid stays as it is: 0.0728 degrees, 8 km. What is finer is not in it.

stage4: one NCEP Stage IV analysis, GRIB 1 in simple packing on the polar stereographic HRAP grid of 4.7625 km (public domain,
source NOAA/NCEP Stage IV). Each node of 0.04 degrees takes the nearest point of the HRAP grid, as the published program takes
its rain from 4 km; it is missing where that point is. The sphere is that of HRAP, 6371.2 km, with its 4.7625 km; the file
rounds these to 4762 m, which GDAL 3 takes: 99.7 % of the nodes have the same value by both (1 March 2002, 12 UTC).
"""

import datetime
import sys

import numpy as np

HRAP_RADIUS_KM, HRAP_SPACING_KM, HRAP_TRUE_DEG = 6371.2, 4.7625, 60.0
STEP_DEG = 0.04
MISSING = np.iinfo(np.int16).min
HOUR_S = 3600


def refuse_unless(condition, words):
    if not condition:
        sys.exit(f"refused: {words}")


def write(path, axes, sums, ends, hours, factor, said):
    """Whole numbers of `factor` mm, negative where missing; `ends` in seconds since 1970."""
    import netCDF4

    refuse_unless(sums.max() <= np.iinfo(np.int16).max, "more rain than 16 bits hold")
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions, file.source = "CF-1.8", said
        for name, values, unit, standard in zip(
            ["lat", "lon"], axes, ["degrees_north", "degrees_east"], ["latitude", "longitude"]
        ):
            file.createDimension(name, len(values))
            axis = file.createVariable(name, "f8", (name,))
            axis.units, axis.standard_name = unit, standard
            axis[:] = values
        file.createDimension("time", len(ends))
        file.createDimension("two", 2)
        time = file.createVariable("time", "f8", ("time",))
        bounds = file.createVariable("time_bounds", "f8", ("time", "two"))
        time.units, time.standard_name, time.bounds = "seconds since 1970-01-01 00:00:00", "time", "time_bounds"
        time[:] = ends
        bounds[:] = [[end - hours * HOUR_S, end] for end in ends]
        rain = file.createVariable(
            "tp", "i2", ("time", "lat", "lon"), fill_value=MISSING, zlib=True, complevel=9, shuffle=True,
            chunksizes=(1, len(axes[0]), len(axes[1])),
        )
        rain.set_auto_maskandscale(False)
        rain.scale_factor, rain.units, rain.cell_methods = factor, "mm", "time: sum"
        rain.standard_name = "lwe_thickness_of_precipitation_amount"
        rain[:] = np.where(sums < 0, MISSING, sums).astype(np.int16)


def cmorph(source, output):
    import h5py

    with h5py.File(source) as file:
        rates, rain = file["rain_rate"][:].astype(np.int32), file["rain_rate"]
        refuse_unless(rain.attrs["units"] == "mm/h" and rain.attrs["scale_factor"] == 0.01, "not in 0.01 mm/h")
        missing = int(rain.attrs["missing"])
        axes, begins = [file["lat"][:].astype(float), file["lon"][:].astype(float)], file["time"][:]
        unit = file["time"].attrs["units"]
    refuse_unless(unit.startswith("seconds since 1970-01-01 00:00:00 UTC, start of the 30 minutes"), f"times in {unit}")
    refuse_unless(rates[rates != missing].min() >= 0, "a negative rate that is not the missing value")
    refuse_unless(len(begins) % 2 == 0 and begins[0] % HOUR_S == 0, "half an hour is missing at an end")
    refuse_unless((np.diff(begins) == HOUR_S // 2).all(), "a frame is missing")
    is_missing = rates == missing
    # (a + b) / 2 of hundredths of a mm/h is so many 0.005 mm in the hour.
    sums = np.where(is_missing[::2] | is_missing[1::2], -1, rates[::2] + rates[1::2])
    write(output, axes, sums, begins[1::2] + HOUR_S // 2, 1, 0.005, "NOAA/NCEI CMORPH CDR V1.0, hourly sums")


def number(data, first, length):
    """Octets as GRIB counts them, from 1 on."""
    return int.from_bytes(data[first - 1 : first - 1 + length], "big")


def signed(data, first, length):
    value, sign = number(data, first, length), 1 << (8 * length - 1)
    return sign - value if value >= sign else value


def ibm_float(bits):
    return (-1) ** (bits >> 31) * (bits & 0xFFFFFF) / 2**24 * 16.0 ** ((bits >> 24 & 0x7F) - 64)


def sections(data):
    """Product, grid, bitmap and values of the only message."""
    refuse_unless(data[:4] == b"GRIB" and data[7] == 1 and data[-4:] == b"7777", "not one whole message of GRIB 1")
    refuse_unless(number(data, 5, 3) == len(data), "more or fewer bytes than one message")
    at, found = 8, []
    for _ in range(4):
        length = number(data, at + 1, 3)
        found.append(data[at : at + length])
        at += length
    refuse_unless(at == len(data) - 4 and found[0][7] & 0xC0 == 0xC0, "a grid and a bitmap are needed")
    return found


def unpacked(product, bitmap, values, n_points):
    """mm, NaN where missing."""
    refuse_unless(values[3] & 0xF0 == 0 and number(bitmap, 5, 2) == 0, "the packing is not simple")
    is_there = np.unpackbits(np.frombuffer(bitmap[6:], np.uint8))[:n_points].astype(bool)
    n_bits = values[10]
    bits = np.unpackbits(np.frombuffer(values[11:], np.uint8))[: is_there.sum() * n_bits]
    packed = bits.reshape(-1, n_bits) @ (1 << np.arange(n_bits)[::-1])
    scaled = ibm_float(number(values, 7, 4)) + packed * 2.0 ** signed(values, 5, 2)
    mm = np.full(n_points, np.nan)
    mm[is_there] = scaled / 10.0 ** signed(product, 27, 2)
    return mm


def nearest(grid, latitudes, longitudes):
    """Column and row of the HRAP grid, from 0 on, nearest to each latitude with each longitude."""
    east = np.radians(signed(grid, 18, 3) / 1000)
    distances = (1 + np.sin(np.radians(HRAP_TRUE_DEG))) * HRAP_RADIUS_KM / HRAP_SPACING_KM

    def plane(latitude, longitude):
        away = distances * np.cos(latitude) / (1 + np.sin(latitude))
        return away * np.sin(longitude - east), -away * np.cos(longitude - east)

    x0, y0 = plane(np.radians(signed(grid, 11, 3) / 1000), np.radians(signed(grid, 14, 3) / 1000))
    x, y = plane(*np.meshgrid(np.radians(latitudes), np.radians(longitudes), indexing="ij"))
    return np.rint(x - x0).astype(int), np.rint(y - y0).astype(int)


def stage4(source, output):
    with open(source, "rb") as file:
        product, grid, bitmap, values = sections(file.read())
    width, height = number(grid, 7, 2), number(grid, 9, 2)
    is_hrap = grid[5] == 5 and number(grid, 21, 3) == number(grid, 24, 3) == 4762 and grid[27] == 0x40
    refuse_unless(is_hrap, "not the HRAP grid, rows from the south")
    # Parameter 61 of table 2 in hours, sum from P1 to P2.
    is_sum = (product[3], product[8], product[17], product[20]) == (2, 61, 1, 4)
    refuse_unless(is_sum, "not a sum of precipitation in hours")
    mm = unpacked(product, bitmap, values, width * height).reshape(height, width)
    year = (product[24] - 1) * 100 + product[12]
    begin = datetime.datetime(year, *product[13:17], tzinfo=datetime.timezone.utc).timestamp()
    start, end = (int(begin) + hours * HOUR_S for hours in product[18:20])
    # What the analysis covers of the lower 48 states and their coasts.
    axes = [np.round(np.arange(n) * STEP_DEG + first, 2) for n, first in [(701, 24.0), (1501, -126.0)]]
    columns, rows = nearest(grid, *axes)
    is_inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    taken = np.where(is_inside, mm[rows.clip(0, height - 1), columns.clip(0, width - 1)], np.nan)
    hundredths = np.where(np.isnan(taken), -1, np.rint(np.nan_to_num(taken) * 100)).astype(np.int32)
    said = "NOAA/NCEP Stage IV, nearest points of the HRAP grid"
    write(output, axes, hundredths[None], [end], (end - start) // HOUR_S, 0.01, said)


if __name__ == "__main__":
    {"cmorph": cmorph, "stage4": stage4}[sys.argv[1]](*sys.argv[2:])
