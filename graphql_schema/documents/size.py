"""Checks a parsed document against its limits, before validation.

Needs no schema and no valid document: unknown fields count like others, unknown fragments count as nothing, and a
fragment that leads into a cycle is not entered (validation reports it). One walk covers the document as written, the
other as executed: with fragments expanded and fields merged by response name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode

from graphql_schema.errors import document_too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from graphql import DefinitionNode, DirectiveNode, DocumentNode, SelectionNode, SelectionSetNode

    from graphql_schema.documents.limits import DocumentLimits
    from graphql_schema.documents.step_budget import StepBudget

__all__ = ["DocumentSize", "measure_document"]

Fragments = dict[str, FragmentDefinitionNode]
Groups = dict[str, list[FieldNode]]


class DocumentSize:
    """The counts of a document within its limits. `root_fields` are those of all operations, merged in each."""

    def __init__(self) -> None:
        self.aliases = self.directives = self.variables = 0
        self.fields = self.pairs = self.depth = 0
        self.root_fields: list[FieldNode] = []


def measure_document(document: DocumentNode, limits: DocumentLimits, budget: StepBudget) -> DocumentSize:
    """Raises a QUERY_TOO_COMPLEX error that names the limit exceeded."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    _check("operations", len(operations), limits.operations)
    _check("fragments", len(fragments), limits.fragments)
    size = DocumentSize()
    _count_written(document.definitions, size, limits, budget)
    expansion = _Expansion(_without_cycles({node.name.value: node for node in fragments}), size, limits, budget)
    for operation in operations:
        expansion.count_operation(operation)
    expansion.count_unused(fragments)
    return size


def _check(counted: str, count: int, limit: int) -> None:
    if count > limit:
        raise document_too_large(counted, limit)


def _count_written(
    definitions: Sequence[DefinitionNode], size: DocumentSize, limits: DocumentLimits, budget: StepBudget
) -> None:
    for definition in definitions:
        _count_directives(getattr(definition, "directives", ()), size, limits)
        for variable in getattr(definition, "variable_definitions", None) or ():
            size.variables += 1
            _check("variables", size.variables, limits.variables)
            _count_directives(variable.directives, size, limits)
        for selection in _written(getattr(definition, "selection_set", None)):
            budget.spend()
            size.aliases += isinstance(selection, FieldNode) and selection.alias is not None
            _check("aliases", size.aliases, limits.aliases)
            _count_directives(selection.directives, size, limits)


def _count_directives(directives: Sequence[DirectiveNode] | None, size: DocumentSize, limits: DocumentLimits) -> None:
    count = len(directives or ())
    _check("directives in one place", count, limits.node_directives)
    size.directives += count
    _check("directives", size.directives, limits.directives)


def _written(selection_set: SelectionSetNode | None) -> Iterator[SelectionNode]:
    """All selections under a selection set, without entering fragments."""
    open_sets = [selection_set] if selection_set else []
    while open_sets:
        for selection in open_sets.pop().selections:
            yield selection
            inner = _inner_set(selection)
            if inner is not None:
                open_sets.append(inner)


def _inner_set(selection: SelectionNode) -> SelectionSetNode | None:
    return getattr(selection, "selection_set", None)


def _without_cycles(fragments: Fragments) -> Fragments:
    """The fragments that don't lead into a cycle."""
    spreads = {
        name: {node.name.value for node in _written(fragment.selection_set) if isinstance(node, FragmentSpreadNode)}
        for name, fragment in fragments.items()
    }
    finite: set[str] = set()
    found = True
    while found:
        found = {
            name for name, inner in spreads.items() if name not in finite and not (inner & fragments.keys() - finite)
        }
        finite |= found
    return {name: fragment for name, fragment in fragments.items() if name in finite}


class _Expansion:
    """Counts fields, depth and pairs of selections as execution merges them."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        size: DocumentSize,
        limits: DocumentLimits,
        budget: StepBudget,
    ) -> None:
        self._fragments = fragments
        self._size = size
        self._limits = limits
        self._budget = budget
        self._entered: set[str] = set()

    def count_operation(self, operation: OperationDefinitionNode) -> None:
        roots = self._merged([operation.selection_set])
        _check("root fields", len(roots), self._limits.root_fields)
        self._size.root_fields += [nodes[0] for nodes in roots.values()]
        self._count(roots, depth=1)

    def count_unused(self, fragments: Iterable[FragmentDefinitionNode]) -> None:
        """Count fragments that no operation uses, since they are validated too."""
        for fragment in fragments:
            if fragment.name.value not in self._entered:
                self._count(self._merged([fragment.selection_set]), depth=1)

    def _count(self, groups: Groups, *, depth: int) -> None:
        """Recurses once per level of fields, no deeper than the limit."""
        size, limits = self._size, self._limits
        _check("levels", depth if groups else 0, limits.depth)
        size.depth = max(size.depth, depth)
        size.fields += len(groups)
        _check("fields", size.fields, limits.fields)
        for nodes in groups.values():
            size.pairs += len(nodes) * (len(nodes) - 1) // 2
            _check("pairs of fields with one name", size.pairs, limits.pairs)
            inner = [node.selection_set for node in nodes if node.selection_set]
            if inner:
                self._count(self._merged(inner), depth=depth + 1)

    def _merged(self, selection_sets: Sequence[SelectionSetNode]) -> Groups:
        """The fields of one level by response name; each fragment is entered once."""
        groups: Groups = {}
        here: set[str] = set()
        open_sets = list(reversed(selection_sets))
        while open_sets:
            for selection in open_sets.pop().selections:
                self._budget.spend()
                if isinstance(selection, FieldNode):
                    name = selection.alias or selection.name
                    groups.setdefault(name.value, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    open_sets.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode):
                    open_sets += self._entered_set(selection.name.value, here)
        self._entered |= here
        return groups

    def _entered_set(self, name: str, here: set[str]) -> list[SelectionSetNode]:
        if name in here or name not in self._fragments:
            return []
        here.add(name)
        return [self._fragments[name].selection_set]
