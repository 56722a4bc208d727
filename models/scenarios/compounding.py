"""Moves of a session to P&L of linear books, compiled."""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

LARGEST_LOG_MOVE = 5.0
"""A log move beyond is read as this: a price times or over 148 in one session."""


@numba.njit(nogil=True, inline="always", fastmath={"contract", "reassoc"})
@no_type_check
def simple_return(move: np.float32) -> np.float32:
    """``exp(move) - 1`` in single precision, without a call or a branch, so that loops vectorise.

    Five terms of the series at a sixteenth of the move, squared four times in the form that loses
    no digit near zero: ``expm1(2 y) = expm1(y) * (expm1(y) + 2)``.
    """
    top = np.float32(LARGEST_LOG_MOVE)
    y = min(max(move, -top), top) * np.float32(1.0 / 16.0)
    tail = np.float32(1 / 120) + y * np.float32(1 / 720)
    tail = np.float32(1 / 24) + y * tail
    tail = np.float32(1 / 6) + y * tail
    tail = np.float32(1 / 2) + y * tail
    value = y + y * y * tail
    two = np.float32(2.0)
    value = value * (value + two)
    value = value * (value + two)
    value = value * (value + two)
    return value * (value + two)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def compound(moves: np.ndarray, held: np.ndarray, weights: np.ndarray, wealth: np.ndarray) -> None:
    """Multiply the wealth of each book, in place, by its return of one session.

    Parameters
    ----------
    moves : float32 array of shape (path, asset)
    held : int array of shape (holding,)
        Assets that any book holds; all move by ``log``.
    weights : float32 array of shape (book, holding)
    wealth : float64 array of shape (path, book)
        Starts at one; less one, it is the P&L.
    """
    gain = np.empty(held.size, np.float32)
    for path in range(moves.shape[0]):
        for i in range(held.size):
            gain[i] = simple_return(moves[path, held[i]])
        for book in range(weights.shape[0]):
            total = np.float32(0.0)
            for i in range(held.size):
                total += weights[book, i] * gain[i]
            wealth[path, book] *= 1.0 + total
