#!/usr/bin/env python3
"""Trains on made-up data whose answer is known. Run with the interpreter that has torch: /usr/bin/python3 test_training.py"""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

try:
    import numpy as np
    import onnx
    import torch
except ImportError as e:
    if __name__ == "__main__":
        print(f"skipped: {e.name} is not installed; apt-get install python3-torch python3-onnx python3-numpy")
        sys.exit(0)
    raise unittest.SkipTest(f"{e.name} is not installed: apt-get install python3-torch python3-onnx python3-numpy") from e

import dataset
import export
import scores
import train

torch.set_num_threads(1)
HORIZON_MS = 5000


def write_dataset(folder, rows=8000, seed=7, shuffle_labels=False, **changes):
    """Up or down follows a product of two features, which a linear model cannot see, plus a third one, plus noise."""
    chance = np.random.default_rng(seed)
    z = chance.normal(size=(rows, 6)).astype(np.float32)
    signal = 1.5 * z[:, 0] * z[:, 1] + z[:, 2] + 0.7 * chance.normal(size=rows)
    labels = np.where(signal > 1, 2, np.where(signal < -1, 0, 1)).astype(np.int64)
    if shuffle_labels:
        chance.shuffle(labels)
    scale = np.array([1, 100, 0.001, 5, 1, 0], dtype=np.float32)  # The last column never changes.
    arrays = {
        "features": (z * scale + np.array([0, 5000, 1, -3, 0, 42], dtype=np.float32)).astype(np.float32),
        "labels": labels,
        "times": 1_723_075_200_000_000 + np.arange(rows, dtype=np.int64) * 1_000_000,
    }
    schema = {
        "features": [f"f{i}" for i in range(6)], "schema": "ab" * 32, "schemaVersion": 3, "label": "made up", "horizonMs": HORIZON_MS,
        "symbols": ["BTCUSDT", "ETHUSDT"], "source": "synthetic",
    }
    for key, value in changes.items():
        if key in arrays:
            arrays[key] = value(arrays[key])
        else:
            schema[key] = value
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + ".npy"), array)
    with open(os.path.join(folder, "schema.json"), "w", encoding="utf-8") as file:
        json.dump(schema, file)


def run(folder, out, *more):
    options = train.parse(["--data", folder, "--out", out, "--hidden", "32,16", "--epochs", "15", "--device", "cpu", "--quiet", *more])
    return train.train(options, log=lambda line: None)


class TrainingOnAKnownSignal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        write_dataset(cls.folder)
        cls.path = os.path.join(cls.folder, "model.onnx")
        cls.report = run(cls.folder, cls.path, "--report", os.path.join(cls.folder, "report.json"))
        cls.model = onnx.load(cls.path)
        cls.props = {p.key: p.value for p in cls.model.metadata_props}

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def test_beats_every_baseline_by_far(self):
        test = self.report["test"]
        self.assertLess(test["model"]["logLoss"], test["prior (class counts)"]["logLoss"] - 0.2)
        self.assertLess(test["model"]["logLoss"], test["logistic regression"]["logLoss"] - 0.1)
        self.assertGreater(test["model"]["macroF1"], test["always flat"]["macroF1"] + 0.2)

    def test_the_file_has_the_shape_the_engine_expects(self):
        graph = self.model.graph
        self.assertEqual([(17,)], [(o.version,) for o in self.model.opset_import if o.domain == ""])
        for info, name, columns in ((graph.input[0], "features", 6), (graph.output[0], "probabilities", 3)):
            self.assertEqual(name, info.name)
            self.assertEqual([1, columns], [d.dim_value for d in info.type.tensor_type.shape.dim])
        operators = [node.op_type for node in graph.node if node.op_type != "Constant"]
        self.assertEqual(["Sub", "Div", "Clip", "Gemm", "Relu", "Gemm", "Relu", "Gemm", "Div", "Softmax"], operators)

    def test_the_metadata_says_what_it_is(self):
        expected = {
            "schema_sha256": "ab" * 32, "schema_version": "3", "features": "f0,f1,f2,f3,f4,f5", "labels": "down,flat,up", "label_spec": "made up",
            "horizon_ms": "5000", "symbols": "BTCUSDT,ETHUSDT", "torch": torch.__version__, "run_id": self.report["run"], "trained_from": "2024-08-08T00:00:00.000000Z",
        }
        self.assertEqual(expected, {key: self.props[key] for key in expected})
        # Validation ends 5 s before the test at row 6400, and its last label looks 5 s ahead: up to the test, not into it.
        self.assertLessEqual(self.props["trained_to"], "2024-08-08T01:46:40.000000Z")
        self.assertAlmostEqual(float(self.props["temperature"]), self.report["temperature"], places=4)

    def test_the_self_test_rows_reproduce(self):
        rows = np.array(self.props["selftest_input"].split(","), dtype=np.float32).reshape(-1, 6)
        outputs = np.array(self.props["selftest_output"].split(","), dtype=np.float32).reshape(-1, 3)
        self.assertEqual((4, 4), (len(rows), len(outputs)))
        np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)
        for row, output in zip(rows, outputs):
            np.testing.assert_allclose(export.evaluate(self.model.graph, row[None])[0], output, atol=1e-5)
        self.assertEqual(0, export.main(["check", self.path]))

    def test_a_damaged_weight_is_noticed(self):
        damaged = onnx.load(self.path)
        weight = next(t for t in damaged.graph.initializer if len(t.dims) == 2)
        weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) * np.float32(1.01), weight.name))
        path = os.path.join(self.folder, "damaged.onnx")
        onnx.save(damaged, path)
        with self.assertRaisesRegex(export.ExportError, "differ"):
            export.check(path)

    def test_the_same_seed_gives_the_same_file(self):
        again = os.path.join(self.folder, "again.onnx")
        run(self.folder, again)
        with open(self.path, "rb") as a, open(again, "rb") as b:
            self.assertEqual(a.read(), b.read())


class WhatMustNotWork(unittest.TestCase):
    def test_shuffled_labels_teach_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            write_dataset(folder, rows=3000, shuffle_labels=True)
            report = run(folder, os.path.join(folder, "model.onnx"))
            test = report["test"]
            self.assertGreater(test["model"]["logLoss"], test["prior (class counts)"]["logLoss"] - 0.01)

    def test_bad_datasets_are_refused_in_words(self):
        cases = [
            (dict(features=lambda f: f.astype(np.float64)), "float32 is allowed"),
            (dict(features=lambda f: f[:, :5]), "schema.json names 6 features"),
            (dict(features=lambda f: np.where(np.arange(len(f))[:, None] == 17, np.float32("nan"), f)), "row 17 that is not finite"),
            (dict(labels=lambda y: y[:-1]), "one value for each"),
            (dict(labels=lambda y: y + 1), "values from 1 to 3"),
            (dict(times=lambda t: t[::-1].copy()), "goes back in time"),
            (dict(schema="nonsense"), "SHA-256"),
            (dict(horizonMs=0), "horizonMs is 0"),
            (dict(features=lambda f: f[:50], labels=lambda y: y[:50], times=lambda t: t[:50]), "50 rows are too few"),
            (dict(horizonMs=2_000_000), "fewer than 100 rows after purging"),
        ]
        for changes, says in cases:
            with self.subTest(says), tempfile.TemporaryDirectory() as folder:
                write_dataset(folder, rows=1500, **changes)
                with self.assertRaisesRegex(dataset.DataError, says):
                    data = dataset.load(folder)
                    dataset.split(data.times, data.horizon_us)
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(1, train.main(["--data", folder, "--out", os.path.join(folder, "m.onnx")]))


class Pieces(unittest.TestCase):
    def test_no_label_of_one_part_sees_the_next(self):
        chance = np.random.default_rng(3)
        for _ in range(20):
            times = np.sort(chance.integers(0, 10_000_000, size=2000))
            horizon = int(chance.integers(1, 300_000))
            parts = dataset.split(times, horizon)
            self.assertLess(times[parts.train][-1] + horizon, times[parts.validation][0])
            self.assertLess(times[parts.validation][-1] + horizon, times[parts.test][0])
            self.assertEqual(2000, parts.train.stop + parts.validation.stop - parts.validation.start + 2000 - parts.test.start + parts.purged)

    def test_scores_by_hand(self):
        p = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.4, 0.5, 0.1], [0.2, 0.2, 0.6]])
        s = scores.score(p, np.array([0, 1, 0, 2]))
        self.assertAlmostEqual(0.75, s["accuracy"])
        self.assertAlmostEqual((2 / 3 + 2 / 3 + 1) / 3, s["macroF1"])
        self.assertAlmostEqual(-np.log([0.7, 0.8, 0.4, 0.6]).mean(), s["logLoss"])

    def test_temperature_finds_the_factor_that_was_put_in(self):
        chance = np.random.default_rng(4)
        honest = chance.normal(size=(20000, 3)) * 1.5
        labels = np.array([chance.choice(3, p=p) for p in scores.softmax(honest)])
        self.assertAlmostEqual(2.5, train.best_temperature(honest * 2.5, labels), delta=0.12)

    def test_constant_columns_are_only_centred(self):
        mean, std = train.normaliser(np.array([[1, 42], [3, 42]], dtype=np.float32))
        self.assertEqual([2, 42], mean.tolist())
        self.assertEqual([1, 1], std.tolist())

    def test_numbers_survive_the_metadata(self):
        values = np.random.default_rng(5).normal(size=200).astype(np.float32) * np.float32(1e-20)
        np.testing.assert_array_equal(values, np.array(export.numbers(values).split(","), dtype=np.float32))


if __name__ == "__main__":
    unittest.main()
