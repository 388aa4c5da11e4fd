"""What tokens cost."""

from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import Usage as VendorUsage
from genai_prices import calc_price
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.llm.usage import Usage
from engine.usage.prices import PriceBook

PRICES = PriceBook()
MODELS = [
    ("openai", "gpt-4.1"),
    ("openai", "gpt-5.4"),
    ("anthropic", "claude-sonnet-5"),
    ("google", "gemini-2.5-pro"),
    ("groq", "llama-3.3-70b-versatile"),
]
tokens = st.integers(0, 400_000)


@given(st.sampled_from(MODELS), st.builds(Usage, tokens, tokens, st.just(0), tokens, tokens))
def test_our_sum_is_the_one_of_the_price_data(model: tuple[str, str], usage: Usage) -> None:
    theirs = calc_price(
        VendorUsage(input_tokens=usage.tokens_in, cache_read_tokens=usage.cache_read, output_tokens=usage.tokens_out),
        model[1],
        provider_id=model[0],
    )
    ours = PRICES.cost(*model, usage)
    assert ours is not None and ours.usd == theirs.total_price


@given(st.sampled_from(MODELS), st.integers(0, 400_000), st.integers(0, 10_000), st.data())
def test_no_call_costs_more_than_its_hold(
    model: tuple[str, str], most_in: int, most_out: int, data: st.DataObject
) -> None:
    hold = PRICES.hold(*model, most_in, most_out)
    read = data.draw(st.integers(0, most_in))
    written = data.draw(st.integers(0, most_in - read))
    thought = data.draw(st.integers(0, most_out))
    cost = PRICES.cost(*model, Usage(most_in - read - written, read, written, most_out - thought, thought))
    assert hold is not None and cost is not None and cost.nano <= hold


def test_a_cost_carries_the_unit_prices_it_was_reckoned_at() -> None:
    cost = PRICES.cost("openai", "gpt-4.1", Usage(input=1_000, cache_read=1_000, output=100))
    assert cost is not None
    assert (cost.usd, cost.nano) == (Decimal("0.0033"), 3_300_000)
    assert cost.unit_prices == {"input": "2", "cache_read": "0.5", "cache_write": "2", "output": "8", "reasoning": "8"}


@pytest.mark.parametrize("provider", ["local", "scripted"])
def test_what_runs_in_the_house_is_free(provider: str) -> None:
    cost = PRICES.cost(provider, "anything", Usage(input=10**6))
    assert cost is not None and cost.nano == 0
    assert PRICES.hold(provider, "anything", 10**6, 10**6) == 0


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-0"), ("nobody", "gpt-4.1"), ("openai", "")])
def test_an_unknown_price_is_unknown_and_not_zero(provider: str, model: str) -> None:
    assert PRICES.cost(provider, model, Usage(input=1)) is None
    assert PRICES.hold(provider, model, 1, 1) is None


def test_our_own_prices_win_and_are_rounded_half_even_for_a_cost_and_up_for_a_hold(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text("free: []\nmodels: {openai: {gpt-4.1: {input: 0.0005, output: 0.0015}}}")
    book = PriceBook(file)
    costs = [book.cost("openai", "gpt-4.1", Usage(output=count)) for count in (1, 3)]
    assert [cost.nano for cost in costs if cost] == [2, 4], "1.5 and 4.5 nano-dollars"
    assert book.hold("openai", "gpt-4.1", 1, 1) == 2
    assert book.cost("local", "smollm2", Usage(input=1)) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1, 2]",
        "free: [a]",
        "free: []\nmodels: {p: {m: {input: 1}}}",
        "free: []\nmodels: {p: {m: {input: x, output: 1}}}",
        "free: []\nmodels: {p: {m: {input: -1, output: 1}}}",
    ],
)
def test_a_broken_price_list_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"prices\.yaml"):
        PriceBook(file)
