"""Checks passed by version and model, as a heatmap. Plotly is loaded with it: import it where there are results."""

from html import escape

import plotly.graph_objects as go

from engine.authoring.rehearsal.matrix import Matrix
from engine.personas.versions import DRAFT
from pages.ui import formats
from pages.ui.charts import show
from pages.ui.model_options import short

SCALE = [[0, "#DC7B61"], [0.4, "#D9925C"], [0.6, "#D4A862"], [0.75, "#A6B882"], [0.9, "#6FB590"], [1, "#2A9D8F"]]
INK, CHOSEN = "#181424", "#6246EA"
ROW_PX, HEAD_PX, LONGEST = 74, 44, 22


def row_name(version: int) -> str:
    """A version in a row head."""
    return "Draft" if version == DRAFT else f"v{version}"


def heatmap(matrix: Matrix, versions: list[int], chosen: tuple[int, str]) -> None:
    """Draw the rows of these versions, and outline one cell."""
    models = matrix.models
    passed = [[_passed(matrix, version, model) for model in models] for version in versions]
    figure = go.Figure(
        go.Heatmap(
            z=[[_share(matrix, version, model) for model in models] for version in versions],
            text=[["" if number is None else str(number) for number in row] for row in passed],
            hovertext=[[_told(matrix, version, model) for model in models] for version in versions],
            hoverinfo="text",
            texttemplate="%{text}",
            textfont={"size": 16, "color": INK},
            colorscale=SCALE,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=6,
            ygap=6,
        )
    )
    figure.update_xaxes(
        side="top", showgrid=False, tickvals=list(range(len(models))),
        ticktext=[escape(formats.start(short(model), LONGEST)) for model in models],
    )  # fmt: skip
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickvals=list(range(len(versions))),
        ticktext=[row_name(version) for version in versions],
    )  # fmt: skip
    version, model = chosen
    if version in versions and model in models:
        x, y = models.index(model), versions.index(version)
        figure.add_shape(
            type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.46, y1=y + 0.46, line={"color": CHOSEN, "width": 3}
        )
    said = "; ".join(_told(matrix, version, model) for version in versions for model in models)
    show(figure, "rehearsal/heatmap", height=HEAD_PX + ROW_PX * len(versions), alt=f"Checks passed. {said}")


def _passed(matrix: Matrix, version: int, model: str) -> int | None:
    return matrix.count(version, model, "passed") if matrix.is_begun(version, model) else None


def _share(matrix: Matrix, version: int, model: str) -> float | None:
    passed, checks = _passed(matrix, version, model), len(matrix.sets[version])
    return None if passed is None or not checks else passed / checks


def _told(matrix: Matrix, version: int, model: str) -> str:
    passed, checks = _passed(matrix, version, model), len(matrix.sets[version])
    where = f"{row_name(version)} on {escape(short(model))}"
    return f"{where}: not rehearsed" if passed is None else f"{where}: {passed} of {checks} passed"
