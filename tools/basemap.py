"""Cuts coastlines and borders of a region out of Natural Earth, for data/basemap.

Usage: basemap.py countries-10m.json WEST SOUTH EAST NORTH TOLERANCE_DEG > data/basemap/north-sea.txt

The input is the TopoJSON of the npm package `world-atlas` (Natural Earth 1:10 m, public domain).
An arc that bounds one country is a coast, an arc between two countries is a border.
Each line of the output is one polyline: its kind, then longitude,latitude pairs in degrees.
"""

import json
import math
import sys
from collections import Counter


def arcs(topology):
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    for deltas in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        yield points


def uses(topology):
    """How many countries each arc bounds."""
    counts = Counter()
    for country in topology["objects"]["countries"]["geometries"]:
        counts.update({i if i >= 0 else ~i for i in flat(country.get("arcs", []))})
    return counts


def flat(nested):
    for item in nested:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def pieces(points, west, south, east, north):
    """The parts of a polyline with a point inside the region, each with its neighbours outside."""
    inside = [west <= x <= east and south <= y <= north for x, y in points]
    piece = []
    for i, point in enumerate(points):
        near = inside[i] or (i > 0 and inside[i - 1]) or (i + 1 < len(points) and inside[i + 1])
        if near:
            piece.append(point)
        if (not near or i + 1 == len(points)) and piece:
            if len(piece) > 1:
                yield piece
            piece = []


def simplify(points, tolerance):
    """Douglas and Peucker (1973), with longitudes shrunk as they are at this latitude."""
    if len(points) < 3:
        return points
    shrink = math.cos(math.radians(points[0][1]))
    (ax, ay), (bx, by) = points[0], points[-1]
    dx, dy = (bx - ax) * shrink, by - ay
    length = math.hypot(dx, dy)

    def distance(point):
        px, py = (point[0] - ax) * shrink, point[1] - ay
        return abs(px * dy - py * dx) / length if length else math.hypot(px, py)

    far = max(range(1, len(points) - 1), key=lambda i: distance(points[i]))
    if distance(points[far]) <= tolerance:
        return [points[0], points[-1]]
    return simplify(points[: far + 1], tolerance)[:-1] + simplify(points[far:], tolerance)


def main():
    topology = json.load(open(sys.argv[1]))
    region, tolerance = [float(v) for v in sys.argv[2:6]], float(sys.argv[6])
    counts = uses(topology)
    for i, points in enumerate(arcs(topology)):
        kind = "border" if counts[i] > 1 else "coast"
        for piece in pieces(points, *region):
            kept = simplify(piece, tolerance)
            # An island that is smaller than the tolerance.
            if len(kept) > 3 or kept[0] != kept[-1]:
                print(kind, *(f"{x:.3f},{y:.3f}" for x, y in kept))


if __name__ == "__main__":
    main()
