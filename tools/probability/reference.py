"""Reference numbers of published packages for scores of probabilities. See README.md.

Writes probability/reference.json into crates/stormlens-data/tests.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scoringrules
import xarray as xr
from model_diagnostics.scoring import SquaredError, decompose
from scores.categorical import BinaryContingencyManager
from scores.probability import brier_score, murphy_score, relative_economic_value, roc_auc, roc_curve_data
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    roc_auc_score,
)

OUTPUT = Path(__file__).resolve().parents[2] / "crates/stormlens-data/tests/probability/reference.json"
PACKAGES = ["numpy", "scikit-learn", "scores", "scoringrules", "model-diagnostics"]
COST_LOSS = [0.05, 0.2, 0.3, 0.5, 0.8]
THETAS = [0.1, 0.25, 0.5, 0.77]
DECISIONS = [0.1, 0.5, 0.73]


def array(values):
    return xr.DataArray(np.asarray(values, float), dims="case")


def cases(random, n, decimals, with_weights):
    """An overconfident forecast of something that mostly does not happen; few decimals make ties."""
    truth = random.beta(0.6, 1.6, n)
    said = np.clip(truth + (truth - 0.3) * 0.4 + random.normal(0, 0.1, n), 0, 1).round(decimals)
    occurred = random.random(n) < truth
    weights = random.uniform(0.5, 2.0, n).round(3) if with_weights else np.ones(n)
    return said, occurred, weights


def contingency(said, occurred, threshold):
    yes = (said >= threshold).astype(float)
    table = BinaryContingencyManager(array(yes), array(occurred)).transform()
    counts = {key: float(value) for key, value in table.get_counts().items()}
    scores = {
        "pod": table.probability_of_detection(),
        "far": table.false_alarm_ratio(),
        "csi": table.critical_success_index(),
        "frequency_bias": table.frequency_bias(),
        "hss": table.heidke_skill_score(),
        "ets": table.equitable_threat_score(),
        "accuracy": table.accuracy(),
        "f1": f1_score(occurred, yes),
    }
    return {"threshold": threshold, "counts": counts, "scores": {k: float(v) for k, v in scores.items()}}


def isotonic(said, occurred, weights, at):
    fit = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(said, occurred, sample_weight=weights)
    return fit.predict(said).tolist(), fit.predict(at).tolist()


def value(said, occurred, weights):
    """As said: the decision at the cost–loss ratio itself. Envelope: the best of all decisions."""
    one, w = (array(said), array(occurred)), array(weights)
    at = lambda c: relative_economic_value(*one, cost_loss_ratios=[c], probability_thresholds=[c], weights=w)
    as_said = [float(at(c).squeeze()) for c in COST_LOSS]
    thresholds = sorted(set(said.tolist()))
    every = relative_economic_value(*one, cost_loss_ratios=COST_LOSS, probability_thresholds=thresholds, weights=w)
    # Never to act is worth 0 or less, and is no threshold of theirs.
    return as_said, np.maximum(every.max("probability_threshold").values, 0).tolist()


def binary(name, said, occurred, weights):
    at = [-1.0, 0.0, 0.033, 0.3333, 0.5, 0.721, 0.9999, 1.0, 2.0]
    recalibrated, applied = isotonic(said, occurred, weights, at)
    parts = decompose(occurred.astype(float), said, weights=weights, scoring_function=SquaredError())
    as_said, envelope = value(said, occurred, weights)
    murphy = murphy_score(array(said), array(occurred), thetas=THETAS, functional="expectile", alpha=0.5)
    curve = roc_curve_data(array(said), array(occurred), DECISIONS, weights=array(weights))
    # They add thresholds at both ends.
    curve = curve.sel(threshold=DECISIONS)
    area = roc_auc_score(occurred, said, sample_weight=weights)
    brier = brier_score_loss(occurred, said, sample_weight=weights)
    is_plain = bool((weights == 1).all())
    if is_plain:
        # A second opinion on the same numbers.
        assert np.isclose(area, float(roc_auc(array(said), array(occurred))))
        assert np.isclose(brier, float(brier_score(array(said), array(occurred))))
        assert np.isclose(brier, float(np.mean(scoringrules.brier_score(occurred.astype(float), said))))
    return {
        "name": name,
        "probability": said.tolist(),
        "occurred": occurred.tolist(),
        "weight": weights.tolist(),
        "isotonic": {"recalibrated": recalibrated, "at": at, "applied": applied},
        "brier": brier,
        "parts": {key: float(parts[key][0]) for key in ["miscalibration", "discrimination", "uncertainty"]},
        "roc_area": area,
        "average_precision": average_precision_score(occurred, said, sample_weight=weights),
        "roc": {"threshold": DECISIONS, "pod": curve.POD.values.tolist(), "pofd": curve.POFD.values.tolist()},
        "value": {"cost_loss": COST_LOSS, "as_said": as_said, "envelope": envelope},
        # Four times theirs has the Brier score as its area. Theirs is of cases that all count the same.
        "murphy": {"theta": THETAS, "score": (4 * murphy.total).values.tolist()} if is_plain else None,
        "contingency": [contingency(said, occurred, t) for t in DECISIONS] if is_plain else [],
    }


def classes(random, n):
    """Three ordered classes; a case in eight has two classes that are equally likely."""
    said = random.dirichlet([1.2, 0.8, 0.5], n).round(3)
    said[::8, 1] = said[::8, 0] = (said[::8, 0] + said[::8, 1]) / 2
    said[:, 2] = 1 - said[:, 0] - said[:, 1]
    observed = np.array([random.choice(3, p=row / row.sum()) for row in np.abs(said)])
    shares = np.bincount(observed, minlength=3) / n
    one_hot = np.eye(3)[observed]
    rps = lambda rows: float(np.mean(scoringrules.rps_score(one_hot, rows, onehot=True)))
    likely = said.argmax(axis=1)
    return {
        "probability": said.ravel().tolist(),
        "observed": observed.tolist(),
        "rps": rps(said),
        "rps_of_climatology": rps(np.tile(shares, (n, 1))),
        "confusion": confusion_matrix(observed, likely, labels=[0, 1, 2]).tolist(),
    }


def main():
    random = np.random.default_rng(12)
    reference = {
        "made_by": "tools/probability/reference.py",
        "packages": {name: version(name) for name in PACKAGES},
        "binary": [
            binary("ties", *cases(random, 90, 1, False)),
            binary("weights", *cases(random, 60, 2, True)),
            binary("no ties", *cases(random, 40, 12, False)),
        ],
        "classes": classes(random, 40),
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(reference) + "\n")
    print(f"{OUTPUT.stat().st_size} bytes in {OUTPUT}")


if __name__ == "__main__":
    main()
