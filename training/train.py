#!/usr/bin/env python3
"""Trains a small classifier on a dataset folder and writes it as one ONNX file that the engine can load and check.

    train.py --data DIR --out model.onnx [--hidden 64,32] [--epochs 60] [--seed 1]
"""

import argparse
import hashlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone

import numpy as np
import torch

import dataset
import export
import scores
from network import Classifier, best_temperature, fit, logits_of, normaliser


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="dataset folder: features.npy, labels.npy, times.npy, schema.json")
    parser.add_argument("--out", required=True, help="the ONNX file to write")
    parser.add_argument("--report", help="also write the scores as JSON to this file")
    parser.add_argument("--hidden", default="64,32", help="widths of the hidden layers (default 64,32)")
    parser.add_argument("--epochs", type=int, default=60, help="the most epochs (default 60)")
    parser.add_argument("--patience", type=int, default=8, help="stop after so many epochs without a better validation loss (default 8)")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate")
    parser.add_argument("--decay", type=float, default=1e-3, help="weight decay")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="cuda is also what ROCm answers to")
    parser.add_argument("--quiet", action="store_true", help="no line for each epoch")
    options = parser.parse_args(arguments)
    try:
        options.widths = [int(width) for width in options.hidden.split(",")]
    except ValueError:
        parser.error(f"--hidden {options.hidden}: whole numbers with commas between them are allowed, such as 64,32")
    if not options.widths or min(options.widths) < 1:
        parser.error(f"--hidden {options.hidden}: widths must be 1 or more")
    if min(options.epochs, options.batch, options.patience) < 1:
        parser.error("--epochs, --batch and --patience must be 1 or more")
    return options


def device_of(choice):
    if choice == "auto":
        choice = "cuda" if torch.cuda.is_available() else "cpu"
    name = "CPU"
    if choice == "cuda":
        kind = "ROCm " + torch.version.hip if getattr(torch.version, "hip", None) else "CUDA"
        name = f"{torch.cuda.get_device_name(0)} ({kind})"
    return torch.device(choice), name


def run_id(data, options):
    """The same data, options and seed give the same id."""
    digest = hashlib.sha256()
    for array in (data.features, data.labels, data.times):
        digest.update(np.ascontiguousarray(array).tobytes())
    settings = {key: getattr(options, key) for key in ("hidden", "epochs", "patience", "batch", "rate", "decay", "dropout", "seed")}
    digest.update(json.dumps([data.schema, settings], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def moment(microseconds):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=int(microseconds))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def selftest_rows(data, part, mean, std):
    """Three real rows of the test part, and one so far out that each clip is at work."""
    rows = data.features[part]
    picked = rows[[0, len(rows) // 2, len(rows) - 1]]
    signs = np.where(np.arange(len(mean)) % 2 == 0, 1, -1).astype(np.float32)
    return np.vstack([picked, mean + 20 * signs * std])


def train(options, log=print):
    """Trains, scores, exports. Returns the report."""
    data = dataset.load(options.data)
    parts = dataset.split(data.times, data.horizon_us)
    device, device_name = device_of(options.device)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)

    counts = np.bincount(data.labels, minlength=3)
    log(f"{len(data.labels)} rows, {len(data.names)} features, {', '.join(data.schema['symbols'])}, {moment(data.times[0])} to {moment(data.times[-1])}")
    log("labels: " + ", ".join(f"{name} {count} ({count / counts.sum():.1%})" for name, count in zip(dataset.LABELS, counts)))
    log(f"train {parts.train.stop}, validation {parts.validation.stop - parts.validation.start}, test {parts.test.stop - parts.test.start} rows in time order; {parts.purged} purged at the borders")
    log(f"device: {device_name}")

    mean, std = normaliser(data.features[parts.train])
    sets = [(data.features[part], data.labels[part]) for part in (parts.train, parts.validation)]
    settings = dict(batch=options.batch, patience=options.patience, seed=options.seed, device=device)

    model = Classifier(mean, std, options.widths, dropout=options.dropout)
    epoch = fit(model, *sets, epochs=options.epochs, rate=options.rate, decay=options.decay, log=(lambda _: None) if options.quiet else log, **settings)
    temperature = best_temperature(logits_of(model, sets[1][0], device), sets[1][1])
    model.temperature.fill_(temperature)

    linear = Classifier(mean, std, [])
    fit(linear, *sets, epochs=options.epochs, rate=1e-2, decay=1e-4, **settings)

    tx, ty = data.features[parts.test], data.labels[parts.test]
    results = {
        "model": scores.score(scores.softmax(logits_of(model, tx, device) / temperature), ty),
        "logistic regression": scores.score(scores.softmax(logits_of(linear, tx, device)), ty),
        "prior (class counts)": scores.score(scores.prior(sets[0][1], len(ty)), ty),
        "always flat": scores.score(scores.always(1, len(ty)), ty),
    }
    log(scores.table(results))
    log(verdict(results))

    identity = run_id(data, options)
    metadata = {
        "schema_sha256": data.schema["schema"],
        "schema_version": int(data.schema["schemaVersion"]),
        "features": ",".join(data.names),
        "labels": ",".join(dataset.LABELS),
        "label_spec": data.schema["label"],
        "horizon_ms": int(data.schema["horizonMs"]),
        "symbols": ",".join(data.schema["symbols"]),
        "source": data.schema["source"],
        "trained_from": moment(data.times[parts.train][0]),
        # The newest thing the model has seen: the last validation row's label.
        "trained_to": moment(data.times[parts.validation][-1] + data.horizon_us),
        "temperature": f"{temperature:.6g}",
        "test_rows": len(ty),
        "test_log_loss": f"{results['model']['logLoss']:.6g}",
        "prior_log_loss": f"{results['prior (class counts)']['logLoss']:.6g}",
        "torch": torch.__version__,
        "run_id": identity,
    }
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    worst = export.write(model, len(data.names), options.out, metadata, selftest_rows(data, parts.test, mean, std))
    log(f"wrote {options.out} ({os.path.getsize(options.out)} bytes, run {identity}); numpy agrees within {worst:.2g}")

    report = {"run": identity, "device": device_name, "epoch": epoch, "temperature": temperature, "purged": parts.purged, "test": results}
    if options.report:
        with open(options.report, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
    return report


def verdict(results):
    model, prior, linear = (results[name]["logLoss"] for name in ("model", "prior (class counts)", "logistic regression"))
    if model >= prior:
        return f"The model is NO better than the class counts (log-loss {model:.4f} against {prior:.4f}): it knows nothing about these features. Do not trade on it."
    says = f"The model saves {prior - model:.4f} nats a row over the class counts"
    says += "." if model < linear else f", but no more than logistic regression ({linear:.4f}): the hidden layers earn nothing; take fewer or smaller ones."
    return says + " Fees and slippage are not in these numbers."


def main(arguments=None):
    options = parse(arguments)
    log = lambda line: print(line, flush=True)
    try:
        train(options, log)
    except (dataset.DataError, export.ExportError, OSError) as e:
        print(f"train.py: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
