"""Small NetCDF files of every container, as netCDF4-python writes them.

    python make.py    writes forecast_classic.nc, forecast_64bit.nc, forecast_netcdf4.nc and no_bounds.nc

The field of time t, row i and column j is 10 t + i + j / 10 mm; the second value of the first time is missing.
"""

from pathlib import Path

import netCDF4
import numpy as np

HERE = Path(__file__).parent
LATITUDES = np.array([50.5, 50.0, 49.5, 49.0])
LONGITUDES = np.array([358.0, 359.0, 0.0, 1.0, 2.0])


def write(name, container, packed, bounds):
    with netCDF4.Dataset(HERE / name, "w", format=container) as file:
        file.source = "made for tests"
        file.createDimension("time", None if packed else 2)
        for axis, values, unit in [("latitude", LATITUDES, "degrees_north"), ("longitude", LONGITUDES, "degrees_east")]:
            file.createDimension(axis, len(values))
            variable = file.createVariable(axis, "f8", (axis,))
            variable.units = unit
            variable[:] = values
        time = file.createVariable("time", "i4", ("time",))
        time.units = "hours since 2024-1-1 0:0:0"
        time[:] = [3, 6]
        if bounds:
            file.createDimension("two", 2)
            time.bounds = "time_bounds"
            of_time = file.createVariable("time_bounds", "i4", ("time", "two"))
            of_time[:] = [[0, 3], [3, 6]]
        kind = "i2" if packed else "f4"
        options = {"zlib": True, "shuffle": True} if packed else {}
        fill = -32768 if packed else 1e20
        rain = file.createVariable("tp", kind, ("time", "latitude", "longitude"), fill_value=fill, **options)
        rain.units = "mm"
        rain.cell_methods = "area: mean time: sum"
        if packed:
            rain.scale_factor = 0.1
            rain.add_offset = 0.0
        t, i, j = np.meshgrid(range(2), range(4), range(5), indexing="ij")
        values = np.ma.array(10.0 * t + i + j / 10)
        values[0, 0, 1] = np.ma.masked
        rain[:] = values


write("forecast_classic.nc", "NETCDF3_CLASSIC", False, True)
write("forecast_64bit.nc", "NETCDF3_64BIT_DATA", False, True)
write("forecast_netcdf4.nc", "NETCDF4", True, True)
write("no_bounds.nc", "NETCDF3_CLASSIC", False, False)
