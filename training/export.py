#!/usr/bin/env python3
"""Writes the model as ONNX with its metadata, and checks the file: `export.py check model.onnx`."""

import argparse
import inspect
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

INPUT, OUTPUT, OPSET = "features", "probabilities", 17
TOLERANCE = 1e-5


class ExportError(Exception):
    """The exported file is not what was trained."""


def write(model, features, path, metadata, selftest_rows):
    """Exports, stamps the metadata, checks, and puts the file in place in one step."""
    import torch

    model = model.cpu().eval()
    rows = np.asarray(selftest_rows, dtype=np.float32)
    with torch.no_grad():
        # One row at a time, as the engine will run it.
        expected = np.concatenate([model(torch.from_numpy(row[None])).numpy() for row in rows])

    options = {}
    known = inspect.signature(torch.onnx.export).parameters
    if "dynamo" in known:  # The newer exporter needs another package and writes opset 18 at the least.
        options["dynamo"] = False
    if "external_data" in known:
        options["external_data"] = False
    partial = path + ".partial"
    torch.onnx.export(
        model, torch.zeros(1, features), partial, input_names=[INPUT], output_names=[OUTPUT], opset_version=OPSET, do_constant_folding=True, **options
    )
    file = onnx.load(partial)
    props = dict(metadata)
    props["selftest_input"] = numbers(rows)
    props["selftest_output"] = numbers(expected)
    onnx.helper.set_model_props(file, {key: str(value) for key, value in props.items()})
    onnx.save(file, partial)
    worst = check(partial)
    os.replace(partial, path)
    return worst


def numbers(array):
    """Decimal text that reads back as the same float32."""
    return ",".join(f"{value:.9g}" for value in np.asarray(array, dtype=np.float32).ravel())


def check(path):
    """Holds a file against the format, and the framework's outputs (in its metadata) against numpy's. Returns the largest difference."""
    file = onnx.load(path)
    onnx.checker.check_model(file, full_check=True)
    if any(t.data_location == onnx.TensorProto.EXTERNAL for t in file.graph.initializer):
        raise ExportError(f"{path}: weights lie in another file; they must be inside")
    props = {p.key: p.value for p in file.metadata_props}
    for key in ("schema_sha256", "features", "labels", "selftest_input", "selftest_output"):
        if key not in props:
            raise ExportError(f"{path}: metadata lacks {key}")
    columns = len(props["features"].split(","))
    rows = np.array(props["selftest_input"].split(","), dtype=np.float32).reshape(-1, columns)
    expected = np.array(props["selftest_output"].split(","), dtype=np.float32).reshape(len(rows), -1)
    actual = np.concatenate([evaluate(file.graph, row[None]) for row in rows])
    worst = float(np.abs(actual - expected).max())
    if not worst <= TOLERANCE:
        raise ExportError(f"{path}: numpy computes probabilities that differ from the training framework's by {worst:.3g}; {TOLERANCE:g} is allowed")
    return worst


def evaluate(graph, x):
    """Runs the graph with numpy, in the plainest way: an opinion of its own about what the file means."""
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    values[graph.input[0].name] = x
    for node in graph.node:
        at = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        i = [values[name] if name else None for name in node.input]
        values[node.output[0]] = apply(node.op_type, i, at)
    return values[graph.output[0].name]


def apply(op, i, at):
    if op == "Constant":
        return numpy_helper.to_array(at["value"])
    if op == "Identity":
        return i[0]
    if op == "Sub":
        return i[0] - i[1]
    if op == "Add":
        return i[0] + i[1]
    if op == "Mul":
        return i[0] * i[1]
    if op == "Div":
        return i[0] / i[1]
    if op == "Relu":
        return np.maximum(i[0], 0)
    if op == "MatMul":
        return i[0] @ i[1]
    if op == "Clip":
        low = i[1] if len(i) > 1 and i[1] is not None else -np.inf
        high = i[2] if len(i) > 2 and i[2] is not None else np.inf
        return np.clip(i[0], low, high).astype(np.float32)
    if op == "Gemm":
        a = i[0].T if at.get("transA") else i[0]
        b = i[1].T if at.get("transB") else i[1]
        return at.get("alpha", 1.0) * (a @ b) + (at.get("beta", 1.0) * i[2] if len(i) > 2 else 0)
    if op == "Softmax":
        e = np.exp(i[0] - i[0].max(axis=at.get("axis", -1), keepdims=True))
        return e / e.sum(axis=at.get("axis", -1), keepdims=True)
    raise ExportError(f"the export has operator {op}, which this check does not know")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks an exported model.")
    parser.add_argument("command", choices=["check"])
    parser.add_argument("model")
    options = parser.parse_args(arguments)
    try:
        worst = check(options.model)
    except (ExportError, OSError, ValueError, onnx.checker.ValidationError) as e:
        print(f"{options.model}: {e}", file=sys.stderr)
        return 1
    print(f"{options.model}: well formed; numpy and the training framework agree within {worst:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
