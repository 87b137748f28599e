"""The classifier. Everything between raw features and probabilities is part of it, so nothing can be forgotten at run time."""

import numpy as np
import torch
from torch import nn


class Classifier(nn.Module):
    """(x - mean) / std, clipped to +-6, through an MLP; sums over temperature, softmax."""

    CLIP = 6.0

    def __init__(self, mean, std, hidden, classes=3, dropout=0.0):
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.as_tensor(std, dtype=torch.float32))
        self.register_buffer("temperature", torch.ones(1))
        layers, width = [], len(mean)
        for size in hidden:
            layers += [nn.Linear(width, size), nn.ReLU()] + ([nn.Dropout(dropout)] if dropout > 0 else [])
            width = size
        self.layers = nn.Sequential(*layers, nn.Linear(width, classes))

    def logits(self, x):
        return self.layers(torch.clamp((x - self.mean) / self.std, -self.CLIP, self.CLIP))

    def forward(self, x):
        return torch.softmax(self.logits(x) / self.temperature, dim=-1)


def normaliser(features):
    """Mean and standard deviation of each column; a column that never changes is only centred."""
    mean = features.mean(axis=0, dtype=np.float64)
    std = features.std(axis=0, dtype=np.float64)
    # Relative to the column's size: the spread of a constant column is rounding, not information.
    std[std <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
    return mean.astype(np.float32), std.astype(np.float32)


def fit(model, train, validation, *, epochs, batch, rate, decay, patience, seed, device, log=lambda line: None):
    """Trains with cross-entropy and keeps the weights of the best epoch on the validation rows. Returns that epoch."""
    x, y = (torch.as_tensor(a, device=device) for a in train)
    vx, vy = (torch.as_tensor(a, device=device) for a in validation)
    model.to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    loss_of = nn.CrossEntropyLoss()
    order = torch.Generator().manual_seed(seed)
    best, best_epoch, kept = float("inf"), 0, None
    for epoch in range(1, epochs + 1):
        model.train()
        shuffled = torch.randperm(len(x), generator=order).to(device)
        for start in range(0, len(x), batch):
            rows = shuffled[start : start + batch]
            optimiser.zero_grad()
            loss_of(model.logits(x[rows]), y[rows]).backward()
            optimiser.step()
        model.eval()
        with torch.no_grad():
            loss = float(loss_of(model.logits(vx), vy))
        log(f"epoch {epoch:3d}  validation log-loss {loss:.5f}{'  *' if loss < best else ''}")
        if loss < best:
            best, best_epoch = loss, epoch
            kept = {key: value.detach().clone() for key, value in model.state_dict().items()}
        elif epoch - best_epoch >= patience:
            break
    if kept is None:
        raise RuntimeError("training diverged: the loss was never a number; choose a smaller --rate")
    model.load_state_dict(kept)
    model.eval()
    return best_epoch


def logits_of(model, features, device):
    model.eval()
    with torch.no_grad():
        return model.logits(torch.as_tensor(features, device=device)).cpu().numpy().astype(np.float64)


def best_temperature(logits, labels):
    """The divisor of the sums under which the given answers are most likely, between 0.2 and 10, by golden section."""

    def loss(log_t):
        scaled = logits / np.exp(log_t)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]))

    low, high, ratio = np.log(0.2), np.log(10.0), (np.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return float(np.exp((low + high) / 2))
