import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import genpareto
from scipy.stats import t as student

from features.splits import Window
from models.evt import ParetoTail, fit_pareto, fit_tail, pareto_tail
from models.measures import tail_ranks
from models.residuals import empirical_tail

ALPHAS = (0.95, 0.975, 0.99, 0.995)


def draw(shape, size, generator, scale=1.0):
    return np.asarray(genpareto.rvs(shape, scale=scale, size=size, random_state=generator))


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.2, 0.5])
@pytest.mark.parametrize("size", [40, 400])
def test_no_other_parameters_are_likelier_than_the_fitted(shape, size, generator):
    excess = draw(shape, size, generator, scale=0.7)
    found, scale = fit_pareto(excess)
    ours = genpareto.logpdf(excess, found, scale=scale).sum()
    other, _, other_scale = genpareto.fit(excess, floc=0)
    assert ours >= genpareto.logpdf(excess, other, scale=other_scale).sum() - 1e-6
    for nudge in (0.99, 1.01):
        assert ours >= genpareto.logpdf(excess, found * nudge, scale=scale).sum()
        assert ours >= genpareto.logpdf(excess, found, scale=scale * nudge).sum()


def test_a_large_sample_gives_back_its_parameters(generator):
    excess = draw(0.25, 100_000, generator, scale=0.6)
    assert fit_pareto(excess) == pytest.approx((0.25, 0.6), abs=0.01)


@pytest.mark.parametrize(("true", "kept"), [(3.0, 0.9), (-1.5, -0.5)])
def test_the_shape_stays_where_es_is_finite_and_the_likelihood_regular(true, kept, generator):
    excess = draw(true, 500, generator)
    shape, scale = fit_pareto(excess)
    assert shape == pytest.approx(kept, abs=1e-6)
    assert scale > 0.0


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_quantile_and_shortfall_are_those_of_the_distribution(shape):
    tail = ParetoTail(threshold=1.3, share=0.1, shape=shape, scale=0.6)
    law = {"c": shape, "loc": 1.3, "scale": 0.6}
    p = np.array([0.05, 0.025, 0.01])
    quantile = tail.quantile(p)
    assert quantile == pytest.approx(genpareto.ppf(1 - p / 0.1, **law))
    assert tail.exceeded(quantile) == pytest.approx(p)
    for q, level, es in zip(quantile, p, tail.shortfall(p), strict=True):
        beyond, _ = quad(lambda x: x * genpareto.pdf(x, **law) * 0.1, q, genpareto.ppf(1.0, **law))
        assert es == pytest.approx(beyond / level, rel=1e-6)
    beyond_end = np.array([1e9])
    assert tail.exceeded(beyond_end) == pytest.approx(0.0, abs=1e-6)


def test_a_tenth_exceeds_the_threshold():
    tail = fit_tail(-np.arange(1.0, 1001.0))
    assert tail.threshold == 900.0
    assert tail.share == 0.1


def test_the_tail_of_student_residuals_is_found(generator):
    """t with 4 degrees: the true 0.99 quantile is 3.75 and ES 5.22."""
    residual = student(4).rvs(20_000, random_state=generator)
    window = Window(20_000, 19_999, 20_000)
    body = empirical_tail(residual, window, ranks=tail_ranks(ALPHAS, largest=20_000))
    tail = pareto_tail(residual, window, alphas=ALPHAS, body=body)
    assert tail.quantile[0, 2] == pytest.approx(-3.747, rel=0.03)
    assert tail.shortfall[0, 2] == pytest.approx(-5.22, rel=0.05)
    assert np.all(tail.shortfall < tail.quantile)
    assert np.all(np.diff(tail.quantile[0]) < 0.0)


def test_the_pit_is_pareto_beyond_the_threshold_and_empirical_above(generator):
    residual = generator.standard_t(4, 4000)
    window = Window(1000, 999, 4000)
    body = empirical_tail(residual, window, ranks=tail_ranks(ALPHAS, largest=4000))
    pit = pareto_tail(residual, window, alphas=ALPHAS, body=body).pit[:-1]
    fitted = fit_tail(residual[:1000])
    beyond = -residual[1000:] > fitted.threshold
    assert pit[beyond] == pytest.approx(fitted.exceeded(-residual[1000:][beyond]))
    assert pit[beyond].max() <= fitted.share
    assert pit[~beyond].min() >= fitted.share
    assert pit[~beyond] == pytest.approx(body.pit[:-1][~beyond], abs=0.02)


def test_what_the_tail_cannot_answer_is_refused(generator):
    residual = generator.standard_normal(500)
    window = Window(400, 399, 500)
    body = empirical_tail(residual, window, ranks=tail_ranks([0.8], largest=500))
    with pytest.raises(ValueError, match=r"^alphas must be at least 0.9 for gjr_evt.*got 0.8"):
        pareto_tail(residual, window, alphas=(0.8,), body=body)
    with pytest.raises(ValueError, match=r"^residual: 20 of 200 exceed the threshold"):
        fit_tail(residual[:200])
    with pytest.raises(ValueError, match=r"^residual: 0 of 500 exceed the threshold"):
        fit_tail(np.round(0.1 * residual))
