"""The transformer starts as its base, does without any feed, and says what it looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from models.tail.combine import Weights
from models.tail.inputs import Layout, Rows
from models.tail.learned import Head, HeadSettings, fit_head
from models.tail.objective import Objective
from models.tail.past import WINDOW, Past
from models.tail.seed_spread import members
from models.tail.served import Served
from models.tail.transformer import Attention, Fusion, Transformer
from models.tail.transport import KNOTS
from models.training import Schedule

TAIL = 1.0 - np.array(KNOTS)
NORMAL_VAR = stats.norm.isf(TAIL)
NORMAL_ES = stats.norm.pdf(NORMAL_VAR) / TAIL
LAYOUT = Layout(own=("returns", "bars", "book"), shared=("macro", "macro", "news"))
SMALL = Fusion(width=8, heads=2, bottleneck=2)
SETTINGS = HeadSettings(
    "transformer", seeds=2, schedule=Schedule(epochs=2, batch=200, rate=1e-2), fusion=SMALL
)


def rows(count: int, *, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    sigma = np.full(count, 0.01)
    track = np.column_stack(
        [0.01 * rng.normal(size=count), np.full(count, 0.01), rng.normal(size=count)]
    )
    track[: count // 2, 1:] = np.nan
    own = rng.normal(size=(count, 3))
    own[:, 2] = 1.0  # all that trains are instruments, each held once
    return Rows(
        own=own,
        shared=rng.normal(size=(count, 3)),
        var=np.tile(NORMAL_VAR, (count, 1)),
        es=np.tile(NORMAL_ES, (count, 1)),
        move=1.5 * rng.normal(size=count),
        target=np.full(count, np.datetime64("2020-01-01")),
        past=Past.of(track, sigma),
        layout=LAYOUT,
    )


@pytest.fixture(scope="module")
def head() -> Head:
    return fit_head(rows(600, seed=1), SETTINGS)


def untrained(**other: object) -> Transformer:
    torch.manual_seed(3)
    shape: dict[str, object] = {
        "state": [0, 1],
        "context": {"macro": [2, 3], "news": [4]},
        "seeds": 2,
        "fusion": SMALL,
    }
    return Transformer(**(shape | other)).eval()  # type: ignore[arg-type]


def inputs(count: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    own, shared = (torch.randn(2, count, size, generator=generator) for size in (2, 3))
    return own, shared, torch.randn(2, count, 6, WINDOW, generator=generator)


def test_untrained_it_is_its_base():
    none = replace(SETTINGS, schedule=Schedule(epochs=0, batch=200))
    fresh = rows(50, seed=2)
    said = fit_head(rows(300, seed=1), none).map(fresh)
    torch.testing.assert_close(said.image, torch.as_tensor(fresh.var), rtol=0, atol=1e-12)
    assert (said.slope == 1.0).all()


def test_it_learns_that_moves_are_larger_than_the_base_says(head: Head):
    image = head.map(rows(300, seed=2)).image.mean(dim=0).numpy()
    assert (image > 1.1 * NORMAL_VAR).all()


def test_levels_never_cross_and_es_lies_beyond_var(head: Head):
    said = head.map(rows(300, seed=2))
    assert (torch.diff(said.image, dim=-1) >= 0).all()
    assert (said.slope > 0).all()


@pytest.mark.parametrize("modality", ["macro", "news", "bars"])
def test_a_feed_may_be_absent_at_use(head: Head, modality: str):
    whole = rows(40, seed=2)
    own, shared = whole.own.copy(), whole.shared.copy()
    own[:, [kind == modality for kind in LAYOUT.own]] = np.nan
    shared[:, [kind == modality for kind in LAYOUT.shared]] = np.nan
    said = head.map(replace(whole, own=own, shared=shared)).image
    assert torch.isfinite(said).all()
    assert not torch.equal(said, head.map(whole).image)


def test_what_was_missing_already_may_hold_anything():
    net = untrained()
    own, shared, windows = inputs()
    shared[..., 2] = torch.nan
    said = net(own, shared, windows)
    shared[..., 2] = torch.inf
    torch.testing.assert_close(net(own, shared, windows), said, rtol=0, atol=0)


@pytest.mark.parametrize("modality", ["bars", "news"])
def test_a_feed_that_never_was_in_training_changes_nothing_when_it_comes(modality: str):
    plain = rows(600, seed=1)
    own, shared = plain.own.copy(), plain.shared.copy()
    own[:, [kind == modality for kind in LAYOUT.own]] = np.nan
    shared[:, [kind == modality for kind in LAYOUT.shared]] = np.nan
    dark = replace(plain, own=own, shared=shared)
    head = fit_head(dark, SETTINGS)
    assert modality not in head.tokens
    torch.testing.assert_close(head.map(plain).image, head.map(dark).image, rtol=0, atol=0)
    assert Head.from_bytes(head.to_bytes()).tokens == head.tokens


def test_what_never_varied_in_training_is_not_read_where_it_does():
    """All that train are held once; a book with leverage is not read by random weights."""
    plain = rows(600, seed=1)
    head = fit_head(plain, SETTINGS)
    other = plain.own.copy()
    other[:, 2] = 3.0
    torch.testing.assert_close(
        head.map(replace(plain, own=other)).image, head.map(plain).image, rtol=0, atol=0
    )


def test_a_head_without_a_modality_does_not_read_it():
    plain = rows(600, seed=1)
    head = fit_head(plain, SETTINGS.lacking("macro"))
    assert "macro" not in head.tokens
    shared = plain.shared.copy()
    shared[:, :2] = 9.0
    torch.testing.assert_close(
        head.map(replace(plain, shared=shared)).image, head.map(plain).image, rtol=0, atol=0
    )


@pytest.mark.parametrize(("modality", "channels"), [("returns", [0]), ("bars", [1, 2])])
def test_a_modality_taken_away_is_read_in_no_session_and_in_no_query(
    modality: str, channels: list[int]
):
    plain = rows(600, seed=1)
    head = fit_head(plain, SETTINGS.lacking(modality))
    assert plain.past is not None
    own, tracks = plain.own.copy(), plain.past.tracks.copy()
    own[:, [kind == modality for kind in LAYOUT.own]] = 9.0
    tracks[:, channels] = 9.0
    other = replace(plain, own=own, past=replace(plain.past, tracks=tracks))
    torch.testing.assert_close(head.map(other).image, head.map(plain).image, rtol=0, atol=0)
    whole = fit_head(plain, SETTINGS)
    assert not torch.equal(whole.map(other).image, whole.map(plain).image)


def test_the_order_of_context_tokens_is_nothing():
    """The same modalities with the same weights, named in another order."""
    net = untrained()
    turned = untrained(context={"news": [4], "macro": [2, 3]})
    turned.load_state_dict(net.state_dict())
    for one in (net, turned):
        torch.nn.init.ones_(one.out.weight)
    torch.testing.assert_close(turned(*inputs()), net(*inputs()))


def test_attention_is_softmax_of_scaled_products_by_hand():
    torch.manual_seed(1)
    attention = Attention(1, 4, 2)
    query, tokens = torch.randn(1, 1, 4), torch.randn(1, 1, 3, 4)
    said, weights = attention(query, tokens)
    q = query[0] @ attention.query.weight[0] + attention.query.bias[0]
    keys, values = tokens[0, 0] @ attention.key[0], tokens[0, 0] @ attention.value[0]
    gathered = []
    for part in (slice(0, 2), slice(2, 4)):
        shares = torch.softmax(q[:, part] @ keys[:, part].T / 2**0.5, dim=-1)
        gathered.append(shares @ values[:, part])
    expected = torch.cat(gathered, dim=1) @ attention.out.weight[0] + attention.out.bias[0]
    torch.testing.assert_close(said[0], expected)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(1, 1, 2))


def test_attention_is_told_by_name_and_sums_to_one(head: Head):
    fresh = rows(20, seed=2)
    weights = head.attention(fresh)
    assert head.tokens[:2] == ("sessions 64-57 ago", "sessions 56-49 ago")
    assert head.tokens[7:] == ("sessions 8-1 ago", "bars", "book", "macro", "news")
    assert weights.shape == (2, 20, len(head.tokens))
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-9)
    assert (weights > 0).all()
    mlp = fit_head(rows(300, seed=1), replace(SETTINGS, kind="mlp", fusion=None))
    with pytest.raises(ValueError, match="kind must be transformer to attend to anything, got mlp"):
        mlp.attention(fresh)


def test_seeds_side_by_side_are_seeds_alone(head: Head):
    fresh = rows(20, seed=2)
    served = Served("transformer", {"transformer": head}, Weights(), (), ())
    alone = [one.heads["transformer"].map(fresh).image for one in members(served)]
    assert not torch.allclose(alone[0], alone[1])
    torch.testing.assert_close((alone[0] + alone[1]) / 2, head.map(fresh).image)


def test_what_it_says_of_a_row_hangs_on_no_other_row(head: Head):
    fresh = rows(300, seed=2)
    some = np.arange(300) % 7 == 0
    torch.testing.assert_close(
        head.map(fresh.where(some)).image,
        head.map(fresh).image[torch.as_tensor(some)],
        rtol=0,
        atol=0,
    )


def test_it_comes_back_from_bytes_unchanged(head: Head):
    fresh = rows(20, seed=2)
    back = Head.from_bytes(head.to_bytes())
    assert (back.settings, back.layout) == (head.settings, head.layout)
    torch.testing.assert_close(back.map(fresh).image, head.map(fresh).image, rtol=0, atol=0)


def test_rows_without_a_past_are_refused():
    with pytest.raises(ValueError, match="rows must hold the past that a transformer reads"):
        fit_head(replace(rows(300, seed=1), past=None), SETTINGS)


@pytest.mark.parametrize(
    ("wrong", "match"), [({"heads": 3}, "width must be"), ({"patch": 7}, "patch must divide")]
)
def test_a_shape_that_does_not_divide_is_refused(wrong: dict[str, int], match: str):
    with pytest.raises(ValueError, match=match):
        untrained(fusion=replace(SMALL, **wrong))


def test_in_bf16_as_on_a_gpu_its_loss_is_nearly_that_of_single_precision():
    some = rows(400, seed=1)
    head = fit_head(some, SETTINGS)
    head.net.float().eval()
    objective, every = Objective(head, some), torch.arange(400).expand(2, 400)
    with torch.no_grad():
        single = objective(every).item()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert objective(every).item() == pytest.approx(single, rel=0.01)
