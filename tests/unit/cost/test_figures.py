"""Every figure of the cost report rests on inputs that say where they come from, and on nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction

import pytest

from benchmarks.cost import accounted, figures_of, moved, usual_inputs
from keifu.cost.inputs import Input, Inputs
from keifu.cost.page import page
from keifu.cost.report import CASES, Report, rows_of
from keifu.cost.text import cells, chart, digits, inputs_table, reasons

CASE_NAMES = set(CASES)
WHOLE = {"ours", "ratio", "gas_factor", *CASE_NAMES}


@pytest.fixture(scope="module")
def inputs():
    return usual_inputs()


@pytest.fixture(scope="module")
def report(inputs):
    return Report(inputs, rows_of(inputs), "measured at commit abc")


def of(line, *names):
    return {f"{line} {name}" for name in names}


def without(inputs, *names):
    return Inputs({name: item for name, item in inputs.known.items() if name not in names})


def test_every_figure_moves_with_its_inputs_and_with_no_other(inputs):
    assert accounted(inputs) == set(figures_of(inputs))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("price disk_gb", of("storage", "disk", "utilisation", *WHOLE)),
        ("price egress_gb", of("reading", "theirs", "ratio")),
        ("price storage_gb_month", of("storage", "theirs", "ratio", "gas_factor", "utilisation")),
        ("price card_share", of("payment", "theirs", "ratio", "gas_factor")),
        ("price tokens_million", of("tokens", "theirs", "ratio", "utilisation")),
        ("assumption release_votes", of("milestone", "gas", "ours", *CASE_NAMES)),
        ("measured gas.escrow_create", of("escrow", "gas", "ours", "ratio", *CASE_NAMES)),
        ("peer gas.escrow_create", of("escrow", "theirs", "ratio")),
        (
            "measured ratio.receipt_overhead",
            of("answers-own", "theirs", "ratio"),
        ),
    ],
)
def test_one_input_moves_exactly_what_depends_on_it(inputs, name, expected):
    assert moved(inputs, name, figures_of(inputs)) == expected


def test_the_price_of_gas_cancels_out_between_two_contracts_of_one_chain(inputs):
    changed = moved(inputs, "price gas", figures_of(inputs))
    assert of("record", "ours", "theirs") <= changed
    assert "record ratio" not in changed


def test_figures_by_hand():
    """A gas price of 2 gwei and a coin of 5 dollars make 100 million gas a dollar."""
    usual = usual_inputs()
    numbers = {
        "price gas": 2, "price token": 5, "measured gas.voucher_50": 20_000, "measured gas.deposit": 100_000,
        "assumption payments_a_claim": 1, "assumption payments_a_deposit": 10, "assumption payment": 1,
    }  # fmt: skip
    known = {name: replace(item, value=Fraction(numbers.get(name, item.value))) for name, item in usual.known.items()}
    figures = figures_of(Inputs(known))
    assert figures["payment gas"].value == Fraction(30_000, 10**8)
    assert figures["payment fee"].value == Fraction(5, 1000)
    assert figures["payment ours"].value == Fraction(53, 10_000)
    assert figures["payment theirs"].value == Fraction(3, 100)
    assert figures["payment gas ten times dearer"].value == Fraction(8, 1000)
    # 0.03 dollars are paid elsewhere: of it 0.025 may be gas, which is 0.0003 now.
    assert figures["payment gas_factor"].value == Fraction(250, 3)


def test_break_even_is_where_both_sides_cost_the_same(inputs):
    found = figures_of(inputs)
    dearer = figures_of(inputs.scaled({"price gas": found["storage gas_factor"].value}))
    assert dearer["storage ours"].value == dearer["storage theirs"].value
    use = found["storage utilisation"].value / inputs.value("assumption utilisation")
    idle = figures_of(inputs.scaled({"assumption utilisation": use}))
    assert idle["storage ours"].value == idle["storage theirs"].value


def test_what_no_benchmark_has_is_said_and_not_guessed(inputs):
    [row] = [row for row in rows_of(without(inputs, "measured rate.llm_tokens")) if row.line.id == "tokens"]
    assert (row.ours.value, row.verdict.word) == (None, "not measured yet")
    assert "rate.llm_tokens" in row.verdict.why
    assert cells(row)[1] == "not measured yet"


def test_a_missing_measurement_takes_only_its_own_lines(inputs):
    before, after = figures_of(inputs), figures_of(without(inputs, "measured gas.register"))
    gone = {name for name, figure in after.items() if figure.value is None and before[name].value is not None}
    assert {name.split()[0] for name in gone} == {"record"}
    assert "record theirs" not in gone


def test_a_measurement_that_comes_is_used(inputs):
    known = {**inputs.known, "measured rate.llm_tokens": Input("measured rate.llm_tokens", Fraction(100), "1/CPU-s")}
    row = next(row for row in rows_of(Inputs(known)) if row.line.id == "tokens")
    assert row.verdict.word in ("cheaper", "NOT cheaper")


def test_a_line_that_is_not_cheaper_says_so_first(report):
    lines = list(reasons(report))
    assert "NOT cheaper" in lines[0][0]
    assert all(why for _, why in lines)


def test_every_printed_number_is_a_figure_or_an_input(report):
    """Percentages are a hundred times a figure."""
    values = [figure.value for _, figure in report.figures() if figure.value is not None]
    known = {digits(value * factor) for value in values for factor in (1, 100)}
    known |= {f"{float(item.value):g}" for item in report.used} | {cell[1] for cell in inputs_table(report)}
    printed = [cell for row in report.rows for cell in cells(row)]
    printed += [line for line in chart(report) if line.startswith("  ")]
    found = {number for text in printed for number in re.findall(r"\d[\d,]*\.?\d*", text)}
    assert len(found) > 30
    assert found - known == set()


def test_the_document_names_each_figure_s_inputs_and_each_input_s_source(report):
    document = json.loads(json.dumps(report.data()))
    inputs = {item["name"]: item for item in document["inputs"]}
    for line in document["lines"]:
        for figure in line["figures"].values():
            assert set(figure["inputs"]) <= set(inputs) | set(figure.get("not_measured", ()))
    assert inputs["price gas"]["as_of"]
    assert inputs["price gas"]["address"].startswith("https://")


def test_the_page_stands_alone_and_draws_two_bars_a_line(report):
    text = page(report)
    compared = [row for row in report.rows if row.ratio is not None and row.ratio.value is not None]
    assert text.count("<rect ") == 2 * len(compared)
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=", text)
