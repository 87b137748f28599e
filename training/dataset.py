"""A dataset folder as `./peregrine dataset` writes it, and its split along time."""

import json
import os
import re
from dataclasses import dataclass

import numpy as np

LABELS = ("down", "flat", "up")


class DataError(Exception):
    """The dataset cannot be used; the message says what is wrong and what is allowed."""


@dataclass
class Dataset:
    features: np.ndarray  # float32 [N, F]
    labels: np.ndarray  # int64 [N]: 0 down, 1 flat, 2 up
    times: np.ndarray  # int64 [N]: microseconds since 1970, UTC
    schema: dict

    @property
    def names(self):
        return self.schema["features"]

    @property
    def horizon_us(self):
        return int(self.schema["horizonMs"]) * 1000


@dataclass
class Split:
    """Row numbers of the three parts, in time order. No label of one part looks into the next."""

    train: slice
    validation: slice
    test: slice
    purged: int


def load(folder):
    """Reads and checks a dataset folder."""
    arrays = {}
    for name, kind in (("features", np.float32), ("labels", np.int64), ("times", np.int64)):
        path = os.path.join(folder, name + ".npy")
        try:
            arrays[name] = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as e:
            raise DataError(f"{path} cannot be read: {e}") from e
        if arrays[name].dtype != kind:
            raise DataError(f"{path} holds {arrays[name].dtype}; {np.dtype(kind)} is allowed")
    schema = read_schema(os.path.join(folder, "schema.json"))
    features, labels, times = arrays["features"], arrays["labels"], arrays["times"]

    if features.ndim != 2 or features.shape[1] != len(schema["features"]):
        raise DataError(f"features.npy has shape {features.shape}; schema.json names {len(schema['features'])} features, so [N, {len(schema['features'])}] is allowed")
    if labels.shape != (len(features),) or times.shape != (len(features),):
        raise DataError(f"labels.npy {labels.shape} and times.npy {times.shape} must have one value for each of the {len(features)} rows")
    if len(features) < 1000:
        raise DataError(f"{len(features)} rows are too few to train and test on; 1000 is the least")
    if not np.isfinite(features).all():
        row = int(np.argmin(np.isfinite(features).all(axis=1)))
        raise DataError(f"features.npy has a number in row {row} that is not finite; drop warm-up rows when the dataset is made")
    if labels.min() < 0 or labels.max() > 2:
        raise DataError(f"labels.npy has values from {labels.min()} to {labels.max()}; 0 (down), 1 (flat) and 2 (up) are allowed")
    if (np.diff(times) < 0).any():
        raise DataError("times.npy goes back in time; rows must be in the order in which they happened")
    return Dataset(features, labels, times, schema)


def read_schema(path):
    try:
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
    except (OSError, ValueError) as e:
        raise DataError(f"{path} cannot be read: {e}") from e
    missing = [key for key in ("features", "schema", "schemaVersion", "label", "horizonMs", "symbols", "source") if key not in schema]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}")
    if not re.fullmatch("[0-9a-f]{64}", str(schema["schema"])):
        raise DataError(f"{path}: schema is {schema['schema']!r}; a SHA-256 in 64 lower-case hexadecimal digits is allowed")
    names = schema["features"]
    if not names or len(set(names)) != len(names) or any("," in name or not name for name in names):
        raise DataError(f"{path}: features must be different names without commas")
    if int(schema["horizonMs"]) <= 0:
        raise DataError(f"{path}: horizonMs is {schema['horizonMs']}; a number of milliseconds above 0 is allowed")
    return schema


def split(times, horizon_us, train=0.6, validation=0.2):
    """Walks forward: trains on the oldest rows, calibrates on the next, tests on the newest.

    A label made at t is known only at t + horizon. Rows at the end of a part whose label reaches the first moment of the
    next part are purged, or the model would be trained on an answer of its own test.
    """
    n = len(times)
    first_validation, first_test = int(n * train), int(n * (train + validation))
    # The first row that would see the next part: everything from there to the border goes.
    train_end = min(first_validation, int(np.searchsorted(times, times[first_validation] - horizon_us, side="left")))
    validation_end = min(first_test, int(np.searchsorted(times, times[first_test] - horizon_us, side="left")))
    if train_end < 100 or validation_end - first_validation < 100 or n - first_test < 100:
        raise DataError("a part of the split has fewer than 100 rows after purging; record longer, or choose a shorter horizon")
    purged = (first_validation - train_end) + (first_test - validation_end)
    return Split(slice(0, train_end), slice(first_validation, validation_end), slice(first_test, n), purged)
