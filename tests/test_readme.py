"""The pages at the door stay true: their commands exist, their queries are valid, and every setting is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer.main
from graphql import OperationDefinitionNode, VariableDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from app.cli.main import application
from app.configuration.settings import Settings
from app.http.exports.formats import FORMATS
from graphql_schema.exports import ARGUMENTS, export_document, exports_schema
from graphql_schema.schema import schema

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "app" / "OPERATIONS.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
API_README = (ROOT / "graphql_schema" / "README.md").read_text(encoding="utf-8")


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def _query() -> str:
    command = next(block for block in _blocks(README, "sh") if "curl" in block)
    body = re.search(r"-d '(.*)'", command)
    assert body is not None
    return json.loads(body[1])["query"]


def _options_of(command: str) -> set[str]:
    group = typer.main.get_command(application)
    found = group.commands[command]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]  # a group
    return {option for parameter in found.params for option in parameter.opts}  # pyright: ignore[reportUnknownVariableType]  # click's are untyped


def test_every_command_exists_with_its_options() -> None:
    commands = set(re.findall(r"(?:\./|`)pixecom ([a-z]+)", README + OPERATIONS + CONTRIBUTING))
    assert {"up", "test", "token", "api", "worker", "scheduler", "migrate", "doctor", "status"} <= commands
    for command in commands:
        assert _options_of(command) is not None
    assert {"--reset", "--port", "--data-dir"} <= _options_of("up")
    assert {"--seller"} <= _options_of("token")


def test_the_query_is_valid() -> None:
    assert validate(schema._schema, parse(_query())) == []


def test_the_export_is_one_with_arguments_of_its_own() -> None:
    command = next(block for block in _blocks(API_README, "sh") if "/export/" in block)
    asked = re.search(r"/export/(\w+)\.(\w+) .*-d '(.*)'", command, re.DOTALL)
    assert asked is not None
    name, suffix, body = asked.groups()
    assert suffix in FORMATS
    assert set(json.loads(body)) <= set(ARGUMENTS)
    read = get_variable_values(exports_schema._schema, _variables_of(name), json.loads(body))
    assert not isinstance(read, list), read


def _variables_of(list_name: str) -> tuple[VariableDefinitionNode, ...]:
    operation = parse(export_document(list_name)).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return tuple(operation.variable_definitions or ())


def test_the_answer_has_the_shape_of_the_query() -> None:
    campaigns = json.loads(_blocks(README, "json")[0])["data"]["campaigns"]
    assert set(campaigns) == {"totalCount", "summary", "nodes"}
    campaign = campaigns["nodes"][0]
    adset = campaign["adsets"]["nodes"][0]
    ad = adset["ads"]["nodes"][0]
    assert [set(node["metrics"]) for node in (campaign, adset, ad)] == [{"spend", "roas"}] * 3


def test_every_setting_is_explained() -> None:
    names = {
        str(field.validation_alias or name).upper()  # the alias is a plain text where there is one
        for name, field in Settings.model_fields.items()
    }
    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


def test_every_folder_of_the_map_exists() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", README.split("## Folders")[1].split("## Running")[0], re.MULTILINE)
    folders = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []
    assert {path.name for path in (ROOT / "app").iterdir() if path.is_dir() and path.name != "__pycache__"} == {
        folder.removeprefix("app/") for folder in folders if folder.startswith("app/")
    }


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "app/ARCHITECTURE.md", "app/OPERATIONS.md"]
)
def test_every_path_it_names_exists(page: str) -> None:
    place = ROOT / page
    text = place.read_text(encoding="utf-8")
    named = re.findall(r"`((?:app|graphql_schema|workers|migrations|tests)/[\w/.-]+)`", text)
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    assert named or linked
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert [path for path in linked if not (place.parent / path).exists()] == []
