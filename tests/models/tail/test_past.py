"""Windows gathered from one track are those that a loop would cut, and know no future."""

from __future__ import annotations

import numpy as np
import torch

from models.tail.past import CHANNELS, WINDOW, Past, in_sigmas, joined, sliding

RNG = np.random.default_rng(5)
LENGTHS = (100, 7)
TRACKS = [RNG.normal(size=(size, len(CHANNELS))) for size in LENGTHS]
SIGMAS = [RNG.uniform(0.01, 0.02, size) for size in LENGTHS]


def by_hand(track: np.ndarray, row: int) -> np.ndarray:
    """The last sessions up to a row, with nothing known before the first."""
    window = np.full((WINDOW, len(CHANNELS)), np.nan)
    for back in range(WINDOW):
        if row - back >= 0:
            window[WINDOW - 1 - back] = track[row - back]
    return window.astype(np.float32)


def test_the_windows_of_two_series_are_those_of_a_loop_over_each():
    past = joined([Past.of(track, sigma) for track, sigma in zip(TRACKS, SIGMAS, strict=True)])
    expected = [by_hand(track, row) for track in TRACKS for row in range(len(track))]
    np.testing.assert_array_equal(past.windows(), np.stack(expected))
    gathered = sliding(torch.as_tensor(past.tracks))[torch.as_tensor(past.at - WINDOW + 1)]
    np.testing.assert_array_equal(gathered.mT.numpy(), np.stack(expected))


def test_some_rows_keep_their_windows_in_the_order_asked_for():
    past = Past.of(TRACKS[0], SIGMAS[0])
    some = past.take(np.array([80, 3]))
    expected = [by_hand(TRACKS[0], 80), by_hand(TRACKS[0], 3)]
    np.testing.assert_array_equal(some.windows(), np.stack(expected))
    np.testing.assert_array_equal(some.sigma, SIGMAS[0][[80, 3]].astype(np.float32))


def test_a_day_more_leaves_every_window_before_it_as_it_was():
    short, whole = (Past.of(TRACKS[0][:n], SIGMAS[0][:n]) for n in (90, 91))
    np.testing.assert_array_equal(short.windows(), whole.windows()[:90])


def test_windows_out_of_a_table_are_read_as_those_of_the_series():
    past = Past.of(TRACKS[0], SIGMAS[0])
    again = Past.from_windows(past.windows(), SIGMAS[0])
    np.testing.assert_array_equal(again.windows(), past.windows())


def test_a_move_is_told_in_todays_sigmas_and_what_is_not_known_is_marked():
    windows = torch.tensor([[[0.02, 0.01, 0.3], [np.nan, np.nan, np.nan], [-9.0, 0.0, 8.0]]])
    read = in_sigmas(windows.mT, torch.tensor([[0.01]]))[0].mT.numpy()
    np.testing.assert_allclose(read[0], [np.arcsinh(2.0), 0.0, 0.3, 1, 1, 1], atol=1e-6)
    np.testing.assert_array_equal(read[1], np.zeros(6))
    # a broken peg and a dead market saturate
    np.testing.assert_allclose(read[2], [-5.0, np.log(0.01), 5.0, 1, 1, 1], rtol=1e-6)


def test_a_series_and_its_multiple_have_one_past():
    windows = torch.as_tensor(Past.of(np.abs(TRACKS[0]), SIGMAS[0]).windows()).double()
    sigma = torch.as_tensor(SIGMAS[0])[:, None]
    scaled = windows * torch.tensor([100.0, 100.0, 1.0])
    read = in_sigmas(windows.mT, sigma)
    torch.testing.assert_close(in_sigmas(scaled.mT, 100.0 * sigma), read)
