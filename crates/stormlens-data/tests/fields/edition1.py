"""Two small messages of GRIB edition 1, as ecCodes writes them.

    python edition1.py    writes edition1.grib1 beside this file; needs numpy and eccodes

51 to 49.5 degrees north, 358.5 to 0.5 degrees east, rows from the north: ECMWF's tp until step 6 (m, value i is 0.00037 i,
the fourth is missing), and total precipitation of 0 to 6 h (kg m-2, value i is 0.5 i - 0.25).
"""

from pathlib import Path

import eccodes
import numpy as np

GRID = {
    "Ni": 5, "Nj": 4, "iDirectionIncrementInDegrees": 0.5, "jDirectionIncrementInDegrees": 0.5,
    "latitudeOfFirstGridPointInDegrees": 51.0, "longitudeOfFirstGridPointInDegrees": 358.5,
    "latitudeOfLastGridPointInDegrees": 49.5, "longitudeOfLastGridPointInDegrees": 0.5,
    "dataDate": 20200102, "dataTime": 1200,
}  # fmt: skip


def write(file, values, **keys):
    message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
    for name, value in {**GRID, **keys}.items():
        eccodes.codes_set(message, name, value)
    eccodes.codes_set_values(message, values)
    eccodes.codes_write(message, file)


total = np.arange(20) * 0.00037
total[3] = 9999
with open(Path(__file__).with_name("edition1.grib1"), "wb") as file:
    write(file, total, centre="ecmf", table2Version=128, indicatorOfParameter=228, timeRangeIndicator=0, P1=6, P2=0,
          bitsPerValue=16, missingValue=9999, bitmapPresent=1)  # fmt: skip
    write(file, np.arange(20) * 0.5 - 0.25, centre="kwbc", table2Version=2, indicatorOfParameter=61,
          timeRangeIndicator=4, P1=0, P2=6, decimalPrecision=2)  # fmt: skip
