"""The closed formula by which reference numbers and races make weights: nothing of them has to be stored."""

import numpy as np


def uniform(k, n, seed):
    """`n` numbers in −1 to 1 for tensor number `k`: a hash of their places, integers taken modulo 2³²."""
    start = (0x9E3779B9 * (k + 1) + 0x7F4A7C15 * seed) % 2**32
    h = np.arange(n, dtype=np.uint32) + np.uint32(start)
    h = (h ^ (h >> 16)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * np.uint32(0xC2B2AE35)
    h ^= h >> 16
    return h / 2147483648.0 - 1.0
