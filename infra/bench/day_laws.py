"""What the neural laws of a day cost: to fit on 5,000 sessions, and to draw from.

A draw is one session of 8 factors on one path, under 17 conditions, on one core; both cores run
their own process in use. Seconds are of processor time, so other work on the machine counts little.
Beside it the floor: the same number of standard normals, and the
multiply-adds that the net asks for at this core's own matrix product speed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from models.scenarios.diffusion import fit_diffusion
from models.scenarios.distil import Distil
from models.scenarios.flow import FlowSettings, fit_flow
from models.scenarios.neural import BLOCK, NeuralLaw
from models.scenarios.vae import fit_vae

SESSIONS, FACTORS, CONDITIONS = 5_000, 8, 17
PATHS = 50 * BLOCK
RUNS = 5


def main() -> None:
    """Fit each law to heavy-tailed factors, draw, and print."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    condition = rng.normal(size=(SESSIONS, CONDITIONS))
    mixing = np.sqrt(6.0 / rng.chisquare(8, (SESSIONS, 1))) * np.exp(0.2 * condition[:, [0]])
    factors = rng.normal(size=(SESSIONS, FACTORS)) * mixing
    state = torch.as_tensor(rng.normal(size=(PATHS, CONDITIONS)), dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    teacher = FlowSettings(student=None)
    fits: dict[str, Callable[[], NeuralLaw]] = {
        "flow": lambda: fit_flow(factors, condition, seed=0),
        "flow, undistilled": lambda: fit_flow(factors, condition, settings=teacher, seed=0),
        "diffusion": lambda: fit_diffusion(factors, condition, seed=0),
        "vae": lambda: fit_vae(factors, condition, seed=0),
    }
    print(f"{'law':>18} {'fit, s':>7} {'draws/s, one core':>18}")
    for name, fit in fits.items():
        begun = time.process_time()
        law = fit()
        fitted = time.process_time() - begun
        rate = PATHS / median_seconds(lambda law=law: law.draw(state, generator=generator))
        print(f"{name:>18} {fitted:>7.1f} {rate:>18,.0f}")
    normals = PATHS / median_seconds(lambda: torch.randn(PATHS, FACTORS, generator=generator))
    print(f"{'normals alone':>18} {'':>7} {normals:>18,.0f}")
    speed = multiply_adds_per_second()
    width = Distil().width
    asked = width * (2 * FACTORS + CONDITIONS + width) + FACTORS * (FACTORS + 2 * CONDITIONS)
    print(
        f"{'products alone':>18} {'':>7} {speed / asked:>18,.0f}   {asked:,} multiply-adds a draw"
    )


def median_seconds(work: Callable[[], object]) -> float:
    """Median of five runs after one that is thrown away."""
    work()
    seconds: list[float] = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return statistics.median(seconds)


def multiply_adds_per_second(width: int = 32) -> float:
    """Of a product of the student's shape."""
    left, right = torch.randn(BLOCK, width), torch.randn(width, width)
    out = torch.empty(BLOCK, width)
    return BLOCK * width * width / median_seconds(lambda: torch.mm(left, right, out=out))


if __name__ == "__main__":
    main()
