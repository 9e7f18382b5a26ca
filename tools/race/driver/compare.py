"""Whether two sides give the same answer."""

import io

import numpy as np

# Pictures of the two plotting libraries may differ by a line of text.
SIZE_SHARE = 0.03


class Differs(Exception):
    """The sides do not give the same answer, so there is nothing to race."""


def same_names(ours, theirs):
    if sorted(ours) != sorted(theirs):
        raise Differs(f"we give {sorted(ours)}, they give {sorted(theirs)}")


def close(tolerance, **others):
    """Every array within a relative L2 norm; `others` names arrays with another one, or `None` for
    those that are not compared."""

    def check(ours, theirs):
        same_names(ours, theirs)
        worst = 0.0
        for name, a in ours.items():
            limit = others.get(name, tolerance)
            if limit is None:
                continue
            distance = relative_distance(name, a, theirs[name])
            if not distance <= limit:
                raise Differs(f"{name} differs by {distance:.2g} where {limit:.2g} is allowed")
            worst = max(worst, distance)
        return f"relative L2 distance at most {worst:.1e}"

    return check


def relative_distance(name, ours, theirs):
    if ours.shape != theirs.shape:
        raise Differs(f"{name}: we have {ours.shape}, they have {theirs.shape}")
    size = np.linalg.norm(theirs.astype(np.float64))
    if size == 0:
        raise Differs(f"{name} is zero everywhere on the other side, which compares nothing")
    return np.linalg.norm(ours.astype(np.float64) - theirs) / size


def pictures(step, share):
    """Bytes of pictures: that share of them within one step of the colour table."""

    def check(ours, theirs):
        same_names(ours, theirs)
        lowest = 1.0
        for name, a in ours.items():
            b = theirs[name].reshape(a.shape)
            if a.std() == 0:
                raise Differs(f"{name} has one colour, which compares nothing")
            found = np.mean(np.abs(a.astype(int) - b) <= step)
            if found < share:
                raise Differs(f"{name}: {found:.2%} of the bytes agree, where {share:.0%} have to")
            lowest = min(lowest, found)
        return f"at least {lowest:.2%} of the bytes within {step}"

    return check


def figure(ours, theirs):
    """Drawings differ, so only that both are pictures of one size with something on them."""
    from matplotlib.image import imread

    sizes = []
    for side in (ours, theirs):
        picture = imread(io.BytesIO(side["figure.png"].tobytes()))
        if picture.std() < 0.02:
            raise Differs("a figure is blank")
        sizes.append(picture.shape[:2])
    for a, b in zip(*sizes):
        if abs(a - b) > SIZE_SHARE * a:
            raise Differs(f"our figure has {sizes[0]} pixels, theirs {sizes[1]}")
    return "{} × {} and {} × {} pixels".format(*sizes[0], *sizes[1])
