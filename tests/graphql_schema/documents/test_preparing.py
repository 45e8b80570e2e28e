"""What is prepared once is kept for all; what is refused says why; without a token little is read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLError, get_introspection_query
from strawberry.types.graphql import OperationType

from graphql_schema.documents import preparing as module
from graphql_schema.documents.cache import DocumentCache
from graphql_schema.documents.operation_choice import KindRefusedError
from graphql_schema.documents.preparing import OPEN_TOKENS_KEPT, DocumentRefusedError, DocumentRequest
from graphql_schema.documents.refusal import CHARACTERS_KEPT, REFUSALS_KEPT
from tests.graphql_schema.documents.conftest import request

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_schema.documents.preparing import Documents

VIEWER = "{ viewer { role } }"
LOGIN = 'login(input: {email: "a@x.test", password: "p"}) { accessToken }'
INTROSPECTION = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed and validated, in order."""
    done: list[str] = []

    def noting(name: str) -> None:
        function = getattr(module, name)

        def noted(*args: Any, **options: Any) -> Any:
            done.append(name)
            return function(*args, **options)

        monkeypatch.setattr(module, name, noted)

    for name in ("parse", "measure_document", "validate_document", "plan_cost"):
        noting(name)
    return done


def refused(documents: Documents, text: str, *, name: str | None = None, anonymous: bool = False) -> list[GraphQLError]:
    """The errors as a client gets them."""
    return refusal_of(documents, request(text, name, anonymous=anonymous)).errors


def refusal_of(documents: Documents, asked: DocumentRequest) -> DocumentRefusedError:
    with pytest.raises(DocumentRefusedError) as caught:
        documents.prepare(asked)
    return caught.value


def codes(errors: list[GraphQLError]) -> list[str]:
    return [(error.extensions or {})["code"] for error in errors]


def test_the_same_text_is_parsed_and_validated_once(open_documents: Callable[..., Documents], work: list[str]) -> None:
    documents = open_documents()
    first = documents.prepare(request(VIEWER))
    assert work == ["parse", "measure_document", "validate_document", "plan_cost"]
    work.clear()

    again = documents.prepare(request(VIEWER))

    assert work == []
    assert again.document is first.document
    assert (first.tokens, again.tokens) == (6, 0)


def test_another_operation_of_a_kept_document(open_documents: Callable[..., Documents], work: list[str]) -> None:
    documents = open_documents()
    text = f"query A {VIEWER} mutation B {{ {LOGIN} }}"
    assert documents.prepare(request(text, "A")).operation.kind is OperationType.QUERY
    work.clear()

    assert documents.prepare(request(text, "B")).operation.kind is OperationType.MUTATION
    with pytest.raises(DocumentRefusedError, match="has no operation named 'C'"):
        documents.prepare(request(text, "C"))
    with pytest.raises(DocumentRefusedError, match="Must provide operation name"):
        documents.prepare(request(text))
    with pytest.raises(KindRefusedError):
        documents.prepare(DocumentRequest(text=text, name="B", kinds=frozenset({OperationType.QUERY}), anonymous=False))
    assert work == []


def test_what_is_kept_is_bounded_in_number_and_tokens() -> None:
    cache = DocumentCache[str, int](documents=2, size=10)
    cache.keep("a", 1, size=3)
    cache.keep("b", 2, size=3)
    assert cache.find("a") == 1  # so that the other is the least recently used
    cache.keep("c", 3, size=3)
    assert (cache.find("b"), "a" in cache, cache.size) == (None, True, 6)
    cache.keep("d", 4, size=8)
    assert ("a" in cache, "c" in cache, len(cache), cache.size) == (False, False, 1, 8)
    cache.keep("e", 5, size=11)
    assert (len(cache), cache.size) == (1, 8)


def test_documents_of_many_tokens_make_others_go(open_documents: Callable[..., Documents], work: list[str]) -> None:
    documents = open_documents(document_tokens_kept=100)
    documents.prepare(request(VIEWER))
    work.clear()
    documents.prepare(request(VIEWER))
    assert work == []
    documents.prepare(request(f"{{ {' '.join(f'a{n}: __typename' for n in range(19))} viewer {{ role }} }}"))
    documents.prepare(request(f"{{ {' '.join(f'b{n}: __typename' for n in range(19))} viewer {{ role }} }}"))
    work.clear()
    documents.prepare(request(VIEWER))
    assert work != []


def test_what_anybody_sends_is_bounded_in_tokens(open_documents: Callable[..., Documents], work: list[str]) -> None:
    documents = open_documents()
    hello = request("{ __typename }", anonymous=True)
    documents.prepare(hello)
    work.clear()
    documents.prepare(hello)
    assert work == []
    for place in range(OPEN_TOKENS_KEPT // 450 + 1):  # far fewer than may be kept by number
        aliases = " ".join(f"a{place}_{number}: description" for number in range(150))
        documents.prepare(request(f"{{ __schema {{ {aliases} }} }}", anonymous=True))
    work.clear()
    documents.prepare(hello)
    assert work != []


def test_what_anybody_sends_makes_no_kept_document_go(
    open_documents: Callable[..., Documents], work: list[str]
) -> None:
    documents = open_documents(documents_kept=1)
    documents.prepare(request(VIEWER))
    for place in range(200):
        documents.prepare(request(f"{{ t{place}: __typename }}", anonymous=True))
    work.clear()

    documents.prepare(request(VIEWER))

    assert work == []


@pytest.mark.parametrize(
    "text",
    [
        VIEWER,
        "{ ...F } fragment F on Query { viewer { role } }",
        "{ ... on Query { ... { viewer { role } } } }",
        "{ __typename viewer { role } }",
        "{ login: viewer { role } }",
        "{ nothing }",
        "mutation { enqueueSync { run { id } } }",
        f"mutation A {{ {LOGIN} }} query B {VIEWER}",
        "{ metricDefinitions { name } } # " + "x" * 4000,
        "{ " + "metricDefinitions { name } " * 130 + "}",
        "{ viewer " * 60 + "}" * 60,
    ],
)
def test_without_a_token_it_is_refused_before_it_is_validated(
    open_documents: Callable[..., Documents], work: list[str], text: str
) -> None:
    name = "A" if "query B" in text else None
    [error] = refused(open_documents(), text, name=name, anonymous=True)

    assert error.extensions == {"code": "UNAUTHENTICATED"}
    assert error.message == "This needs an access token: log in and send it as a Bearer token."
    assert not {"validate_document", "plan_cost"} & set(work)


@pytest.mark.parametrize(
    "text",
    [
        "{ __typename }",
        "{ metricDefinitions { name } }",
        f"mutation {{ {LOGIN} }}",
        "mutation { __typename }",
        INTROSPECTION,
    ],
)
def test_without_a_token_what_is_open_is_prepared(open_documents: Callable[..., Documents], text: str) -> None:
    assert open_documents().prepare(request(text, anonymous=True)).document.is_open


def test_introspection_needs_a_token_and_is_refused_where_it_is_off(open_documents: Callable[..., Documents]) -> None:
    documents = open_documents(introspection=False)

    assert codes(refused(documents, INTROSPECTION, anonymous=True)) == ["UNAUTHENTICATED"]
    assert set(codes(refused(documents, INTROSPECTION))) == {"BAD_USER_INPUT"}
    assert documents.prepare(request("{ __typename }", anonymous=True)).document.is_open


@pytest.mark.parametrize(
    "text",
    [
        f"mutation {{ a: {LOGIN} b: {LOGIN} }}",
        f"mutation {{ a: {LOGIN} ...F }} fragment F on Mutation {{ b: {LOGIN} }}",
        f"mutation A {{ {LOGIN} }} mutation B {{ {LOGIN} }}",
    ],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_a_document_logs_in_once(open_documents: Callable[..., Documents], text: str, *, anonymous: bool) -> None:
    [error] = refused(open_documents(), text, name="A" if "mutation A" in text else None, anonymous=anonymous)

    assert (error.message, error.extensions) == ("A document may use login only once.", {"code": "BAD_USER_INPUT"})


@pytest.mark.parametrize(
    ("text", "sentence", "argument"),
    [
        ("{ viewer { rol } }", "Cannot query field 'rol' on type 'Viewer'.", None),
        ('{ campaigns(filter: {nam: "x"}) { totalCount } }', "", "filter.nam"),
        ("{ campaigns(range: {preset: LAST_8_DAYS}) { totalCount } }", "", "range.preset"),
    ],
)
def test_names_are_suggested_only_where_introspection_is_on(
    open_documents: Callable[..., Documents], text: str, sentence: str, argument: str | None
) -> None:
    [shown] = refused(open_documents(introspection=True), text)
    [hidden] = refused(open_documents(introspection=False), text)

    assert "Did you mean" in shown.message
    assert "Did you mean" not in hidden.message
    assert hidden.message.startswith(sentence)
    extensions = {"code": "BAD_USER_INPUT"} | ({"argument": argument} if argument else {})
    assert shown.extensions == hidden.extensions == extensions


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("{ viewer { role } } # " + "x" * 20_000, "characters"),
        ("{ viewer {" + "role " * 2000 + "} }", "tokens"),
        ("{ viewer { role } }" + "#\n" * 2001, "tokens"),
        ("{ campaigns { nodes { " + "ads { nodes { id } } " * 30 + "} } }", "pairs of fields with one name"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_validated(
    open_documents: Callable[..., Documents], work: list[str], text: str, counted: str
) -> None:
    [error] = refused(open_documents(), text)

    assert (error.extensions or {})["code"] == "QUERY_TOO_COMPLEX"
    assert (error.extensions or {})["counted"] == counted
    assert "validate_document" not in work


def test_validation_compares_no_more_fields_than_its_own_budget(open_documents: Callable[..., Documents]) -> None:
    """Fragments that all spread each other have few fields of one name, and are compared all the same."""
    spreads = "".join(
        f"fragment F{n} on Viewer {{ a{n}: role {' '.join(f'...F{m}' for m in range(n + 1, 45))} }}" for n in range(45)
    )
    errors = refused(open_documents(max_document_tokens=5000), "{ viewer { ...F0 } }" + spreads)

    assert "Validation aborted." in [error.message for error in errors]


def test_plans_are_made_within_the_same_budget(open_documents: Callable[..., Documents]) -> None:
    """Each condition doubles the ways on which the next fragment may be included."""
    spreads = [f"...F{n + 1} @include(if: $v{2 * n}) ...F{n + 1} @skip(if: $v{2 * n + 1})" for n in range(12)]
    chain = "".join(f"fragment F{n} on Viewer {{ a{n}: role {both} }}" for n, both in enumerate(spreads))
    variables = ", ".join(f"$v{n}: Boolean!" for n in range(24))
    text = f"query ({variables}) {{ viewer {{ ...F0 }} }} {chain} fragment F12 on Viewer {{ role }}"

    [error] = refused(open_documents(), text)

    assert error.message == "The document has more than 5000 steps."


def test_without_a_token_no_names_are_suggested(open_documents: Callable[..., Documents]) -> None:
    [error] = refused(open_documents(), "{ metricDefinitions { nam } }", anonymous=True)

    assert error.message == "Cannot query field 'nam' on type 'MetricDefinition'."


def test_many_mistakes_are_told_up_to_a_number(open_documents: Callable[..., Documents]) -> None:
    errors = refused(open_documents(), "{ viewer { " + " ".join(f"n{place}" for place in range(500)) + " } }")

    assert len(errors) == 11
    assert errors[-1].message == "Too many validation errors, error limit reached. Validation aborted."


@pytest.mark.parametrize(
    "text",
    [
        "query ($ids: [ID!]) { nodes(ids: $ids) { id } }",
        "{ viewer { rol } }",
        "{ viewer {",
        "{ viewer { rol } } # " + "x" * 19_000,
        "{ viewer {" + "role " * 2000 + "} }",
    ],
)
def test_what_is_refused_is_read_once(open_documents: Callable[..., Documents], work: list[str], text: str) -> None:
    documents = open_documents()
    first = refusal_of(documents, request(text))
    assert "parse" in work
    work.clear()

    again = refusal_of(documents, request(text))

    assert work == []
    assert [error.formatted for error in again.errors] == [error.formatted for error in first.errors]
    assert again.tokens == first.tokens > 0


def test_a_refusal_is_only_of_the_same_request(open_documents: Callable[..., Documents], work: list[str]) -> None:
    """Another operation of the text, other kinds, or a caller with a token may get another answer."""
    documents = open_documents()
    text = "query A { metricDefinitions { nam } } query B { metricDefinitions { name } viewer { role } }"
    assert codes(refused(documents, text, name="A")) == ["BAD_USER_INPUT"]
    work.clear()

    assert codes(refused(documents, text, name="A", anonymous=True)) == ["UNAUTHENTICATED"]
    assert work == ["parse", "measure_document"]
    work.clear()
    with pytest.raises(DocumentRefusedError, match="has no operation named 'C'"):
        documents.prepare(request(text, "C"))
    with pytest.raises(KindRefusedError):
        documents.prepare(DocumentRequest(text, "A", frozenset({OperationType.MUTATION}), anonymous=False))
    assert work == ["parse", "measure_document"] * 2


def test_a_kept_refusal_holds_no_document(open_documents: Callable[..., Documents]) -> None:
    documents = open_documents()
    refused(documents, "{ viewer { rol } }")

    again = refusal_of(documents, request("{ viewer { rol } }"))

    assert again.document is None
    assert [(error.nodes, error.source, error.locations) for error in again.errors] == [(None, None, [(1, 12)])]


def test_refusals_that_are_kept_are_bounded(open_documents: Callable[..., Documents], work: list[str]) -> None:
    documents = open_documents()
    longer = "{ nothing } # " + "x" * 20_000

    def is_kept(text: str) -> bool:
        work.clear()
        refused(documents, text)
        return not work

    refused(documents, "{ nothing }")
    for place in range(REFUSALS_KEPT):
        refused(documents, f"{{ nothing{place} }}", anonymous=True)
    assert is_kept("{ nothing }")
    for place in range(REFUSALS_KEPT):
        refused(documents, f"{{ nothing{place} }}")
    assert not is_kept("{ nothing }")
    for place in range(CHARACTERS_KEPT // 19_000 + 1):
        refused(documents, f"{{ nothing{place} }} # " + "x" * 19_000)
    assert not is_kept("{ nothing }")
    refused(documents, longer)
    assert documents._refused.find(request(longer)) is None


def test_a_kept_document_holds_nothing_of_a_caller(open_documents: Callable[..., Documents]) -> None:
    """Its fields are those of the text and the schema: there is no place for variables, claims or answers."""
    document = open_documents().prepare(request(VIEWER)).document

    assert set(document.__slots__) == {"text", "ast", "tokens", "is_open", "hides_names", "operations"}
    [operation] = document.operations
    assert set(operation.__slots__) == {"name", "kind", "node", "cost_plan", "defaults"}
