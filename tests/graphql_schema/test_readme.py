"""The schema's README stays true: its query is the example, and the answer it shows is one to that query."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from graphql import FieldNode, OperationDefinitionNode, SelectionSetNode, parse

from graphql_schema.examples import list_examples

FOLDER = Path(__file__).resolve().parents[2] / "graphql_schema"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    return found[0]


def assert_answers(selection: SelectionSetNode | None, answer: Any) -> None:
    """Every object of the answer has what was selected, in that order."""
    items = cast("list[Any]", answer) if isinstance(answer, list) else [answer]
    for item in items:
        if selection is None:
            assert not isinstance(item, dict)
            continue
        fields = [node for node in selection.selections if isinstance(node, FieldNode)]
        assert list(item) == [field.name.value for field in fields]
        for field in fields:
            assert_answers(field.selection_set, item[field.name.value])


def test_its_query_is_the_tab_of_graphiql() -> None:
    documents = {example.name: example.document for example in list_examples()}
    assert block("graphql") == documents["02_ads_manager_panel"]


def test_its_answer_has_the_shape_of_its_query() -> None:
    operation = parse(block("graphql")).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert_answers(operation.selection_set, json.loads(block("json"))["data"])


def test_the_numbers_of_its_answer_agree() -> None:
    campaigns = json.loads(block("json"))["data"]["campaigns"]
    summary, comparison = campaigns["summary"], campaigns["comparison"]
    spend = Decimal(summary["spend"])

    (series,) = campaigns["series"]
    assert sum(Decimal(point["metrics"]["spend"]) for point in series["points"]) == spend
    assert spend - Decimal(comparison["base"]["spend"]) == Decimal(comparison["absolute"]["spend"])
    for campaign in campaigns["nodes"]:
        weeks = [Decimal(point["metrics"]["spend"]) for point in campaign["series"]]
        assert sum(weeks) == Decimal(campaign["metrics"]["spend"])
    roas = [campaign["metrics"]["roas"] for campaign in campaigns["nodes"]]
    assert roas == sorted(roas, reverse=True)


def test_every_file_it_names_exists() -> None:
    named = re.findall(r"`([a-z_/]+\.(?:py|graphql))`", README)
    assert [name for name in named if not any((place / name).exists() for place in (FOLDER, FOLDER.parent))] == []
