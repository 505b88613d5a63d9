"""A slow builder of certificates for the tests of the checker: explicit mappings, scipy's linear programs.

It shares nothing with the checker but the format.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import linprog

ONE = 1 << 48


def grid(value: float) -> int:
    """The nearest integer over 2^48."""
    return round(value * ONE)


def phi(p: Any) -> Any:
    p = np.asarray(p, dtype=float)
    return np.where(p > 0, -p * np.log2(np.where(p > 0, p, 1.0)), 0.0)


class Builder:
    """Certificates of one problem, given by Fractions."""

    def __init__(self, p_x, p_y, rate=None, label=None, label_limit=None):
        self.p_x, self.p_y, self.rate, self.label, self.limit = p_x, p_y, rate, label, label_limit
        self.n, self.m = len(p_x), len(p_y)
        self.mappings = np.array(list(itertools.product(range(self.m), repeat=self.n)))
        x = np.array([float(p) for p in p_x])
        onehot = (self.mappings[:, :, None] == np.arange(self.m)) * x[None, :, None]
        self.columns = onehot.reshape(len(self.mappings), -1).T
        self.laws = onehot.sum(axis=1).T
        self.rates = phi(self.laws).sum(axis=0)
        self.labels = np.zeros(len(self.mappings))
        if label is not None:
            channel = np.array([[float(p) for p in row] for row in label])
            joint = np.einsum("kxy,xs->kys", onehot, channel)
            self.labels = phi(joint).sum(axis=(1, 2)) - phi(self.laws).sum(axis=0)
        self.records: list[dict] = []
        self.tree: list[list] = []

    def relax(self, lower, upper, farkas=False):
        """Duals of the secant relaxation on a box (in grid units): (value or None, record, point)."""
        low, high = np.array(lower) / ONE, np.array(upper) / ONE
        width = np.where(high > low, high - low, 1.0)
        slope = np.where(high > low, (phi(high) - phi(low)) / width, 0.0)
        limits, bounds = [], []
        for row, bound in ((self.rates, self.rate), (self.labels, self.limit)):
            if bound is not None:
                limits.append(row)
                bounds.append(float(bound))
        elastic = 1.0 if farkas else 0.0
        extra = np.full((len(limits) + 2 * len(low), 1), -elastic)
        a_ub = np.vstack([*limits, self.columns, -self.columns])
        result = linprog(
            np.append(np.zeros(len(self.mappings)) if farkas else slope @ self.columns, elastic),
            A_ub=np.hstack([a_ub, extra]),
            b_ub=[*bounds, *high, *-low],
            A_eq=np.hstack([self.laws, np.zeros((self.m, 1))]),
            b_eq=[float(p) for p in self.p_y],
            bounds=(0, None),
        )
        if result.status != 0:
            return None, None, None
        duals, count = result.ineqlin.marginals, len(limits)
        cells = duals[count : count + len(low)] - duals[count + len(low) :]
        prices = iter(duals[:count])
        record = {
            "kind": "farkas" if farkas else "bound",
            "lower": list(lower),
            "upper": list(upper),
            "from": [] if farkas else [0] * len(low),
            "to": [] if farkas else [ONE] * len(low),
            "theta": [] if farkas else [0] * len(low),
            "cells": [grid(z) for z in cells],
            "marginals": [grid(z) for z in result.eqlin.marginals],
            "rate": grid(next(prices)) if self.rate is not None else 0,
            "label": grid(next(prices)) if self.limit is not None else 0,
            "order": [],
        }
        intercept = phi(low) - slope * low
        point = self.columns @ result.x[:-1]
        return result.fun + (0.0 if farkas else intercept.sum()), record, point

    def bound(self, lower, upper, target):
        """Add nodes that prove H(X,Y) >= target (bits) in a box."""
        value, record, point = self.relax(lower, upper)
        if value is None:
            _, record, _ = self.relax(lower, upper, farkas=True)
        elif value < target + 1e-7:
            low, high = np.array(lower) / ONE, np.array(upper) / ONE
            width = np.where(high > low, high - low, 1.0)
            secant = phi(low) + np.where(high > low, (phi(high) - phi(low)) / width, 0.0) * (point - low)
            cell = int(np.argmax(phi(np.maximum(point, 0)) - secant))
            middle = grid(
                float(np.clip(point[cell], low[cell] + 0.2 * width[cell], high[cell] - 0.2 * width[cell]))
            )
            self.tree.append(["split", cell, middle])
            left, right = list(upper), list(lower)
            left[cell] = right[cell] = middle
            self.bound(lower, left, target)
            self.bound(right, upper, target)
            return
        self.records.append(record)
        self.tree.append(["close", len(self.records) - 1])

    def document(self, claim, witness=None) -> dict:
        """The certificate as plain data."""
        label = None
        if self.label is not None:
            rows = [[str(p) for p in row] for row in self.label]
            label = {"p_s_given_x": rows, "max_entropy": None if self.limit is None else str(self.limit)}
        return {
            "format": "mecbopt-certificate",
            "version": 1,
            "problem": {
                "p_x": [str(p) for p in self.p_x],
                "p_y": [str(p) for p in self.p_y],
                "rate": None if self.rate is None else str(self.rate),
                "label": label,
            },
            "claim": claim,
            "witness": witness,
            "order": None,
            "records": [_hexadecimal(record) for record in self.records],
            "tree": [[*node[:2], format(node[2], "x")] if node[0] == "split" else node for node in self.tree],
        }

    def root(self) -> tuple[list[int], list[int]]:
        """The box that holds every coupling."""
        upper = [-(-min(x, y).numerator * ONE // min(x, y).denominator) for x in self.p_x for y in self.p_y]
        return [0] * len(upper), upper


def _hexadecimal(record: dict) -> dict:
    return {
        key: value
        if isinstance(value, str)
        else format(value, "x")
        if isinstance(value, int)
        else [format(entry, "x") for entry in value]
        for key, value in record.items()
    }


def fractions(values) -> tuple[Fraction, ...]:
    """Exact masses from integer weights."""
    return tuple(Fraction(int(v), int(sum(values))) for v in values)
