"""Builds the cost expression of a valid operation: the values that its answer may contain, weighted.

Sizes multiply down the tree. Fields with the same response name count once; aliases count separately. An object of an
interface or union costs as much as its most expensive possible type, since it has only one. Selections excluded by
`@skip` and `@include` cost nothing. `weights` has the cost of each field.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

from graphql_schema.costs.expressions import Computed, Expression, Known, apply, evaluate, largest, product, total
from graphql_schema.costs.scans import scan_cost
from graphql_schema.costs.scope import FieldUse, Scope
from graphql_schema.costs.weights import PLAIN, weight_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import (
        DirectiveNode,
        DocumentNode,
        GraphQLField,
        GraphQLNamedType,
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionNode,
        SelectionSetNode,
    )

    from graphql_schema.documents.step_budget import StepBudget

__all__ = ["plan_cost"]

# Variables and the value that each must have; all must match for a selection to be included.
Conditions = frozenset[tuple[str, bool]]
ALWAYS: Conditions = frozenset()
_ONE_VALUE: Expression[int] = Known(1)


class Selected(NamedTuple):
    """A field as selected in one place of the document."""

    node: FieldNode
    conditions: Conditions


class _Open(NamedTuple):
    """A selection set still to be visited."""

    selection_set: SelectionSetNode
    conditions: Conditions


def plan_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    *,
    max_range_days: int,
    budget: StepBudget,
) -> Expression[int]:
    """Raises a QUERY_TOO_COMPLEX error if building the plan takes more steps than the budget has."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    if root is None:  # validation has rejected it
        return Known(0)
    planner = _Planner(schema, fragments, budget)
    scope = Scope(max_days=max_range_days)
    return total([Known(1), planner.selections(root, [_Open(operation.selection_set, ALWAYS)], scope)])


class _Planner:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], budget: StepBudget
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._budget = budget

    def selections(self, type_: GraphQLObjectType, sets: Sequence[_Open], scope: Scope) -> Expression[int]:
        """The cost of one object's fields."""
        return total([self._field(type_, group, scope) for group in self._collect(type_, sets).values()])

    def _field(self, type_: GraphQLObjectType, group: Sequence[Selected], above: Scope) -> Expression[int]:
        node = group[0].node
        definition = self._schema.get_field(type_, node.name.value)
        if definition is None:  # validation has rejected it
            return Known(0)
        weight = weight_of(type_, node.name.value) or PLAIN
        if weight is PLAIN and node.selection_set is None:
            return _where([item.conditions for item in group], _ONE_VALUE)
        use = FieldUse.of(node, above)
        scan = weight.scan or above.scan
        below = replace(use.scope, size=weight.opens(use) if weight.opens else Known(1), scan=scan)
        each = total([Known(1 + weight.item_work), self._object(_named_type(definition), group, below)])
        work = _work(weight.work, weight.past, weight.chosen, use)
        cost = total([work, scan_cost(weight, use, scan), product(weight.items(use), each)])
        return _where([item.conditions for item in group], cost)

    def _object(self, type_: GraphQLNamedType, group: Sequence[Selected], scope: Scope) -> Expression[int]:
        sets = [_Open(node.selection_set, conditions) for node, conditions in group if node.selection_set]
        if is_object_type(type_):
            return self.selections(type_, sets, scope)
        if is_abstract_type(type_):
            return largest([self.selections(kind, sets, scope) for kind in self._schema.get_possible_types(type_)])
        return Known(0)

    def _collect(self, type_: GraphQLObjectType, sets: Sequence[_Open]) -> dict[str, list[Selected]]:
        """The fields of an object of this type by response name."""
        groups: dict[str, list[Selected]] = {}
        entered: set[tuple[str, Conditions]] = set()
        to_do = list(reversed(sets))
        while to_do:
            selection_set, above = to_do.pop()
            for selection in selection_set.selections:
                self._budget.spend()
                conditions = _conditions(selection.directives, above)
                if conditions is None:
                    continue
                if isinstance(selection, FieldNode):
                    name = (selection.alias or selection.name).value
                    groups.setdefault(name, []).append(Selected(selection, conditions))
                    continue
                inner = self._entered(type_, selection, conditions, entered)
                if inner is not None:
                    to_do.append(_Open(inner, conditions))
        return groups

    def _entered(
        self,
        type_: GraphQLObjectType,
        selection: SelectionNode,
        conditions: Conditions,
        entered: set[tuple[str, Conditions]],
    ) -> SelectionSetNode | None:
        """The fragment's selection set; None if it is for another type or was entered before."""
        fragment: SelectionNode | FragmentDefinitionNode = selection
        if isinstance(selection, FragmentSpreadNode):
            key = selection.name.value, conditions
            if key in entered:
                return None
            entered.add(key)
            fragment = self._fragments[selection.name.value]
        if isinstance(fragment, InlineFragmentNode | FragmentDefinitionNode) and self._applies(fragment, type_):
            return fragment.selection_set
        return None

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode, type_: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        wanted = self._schema.get_type(fragment.type_condition.name.value)
        return wanted is type_ or (is_abstract_type(wanted) and self._schema.is_sub_type(wanted, type_))


def _named_type(definition: GraphQLField) -> GraphQLNamedType:
    core: Any = definition  # graphql-core's list type has no item type
    return cast("GraphQLNamedType", get_named_type(core.type))


def _work(work: int, past: int, chosen: int, use: FieldUse) -> Expression[int]:
    """What the database does once for the field."""
    parts: list[Expression[int]] = [Known(work)]
    if past:
        parts.append(product(Known(past), use.scope.past))
    if chosen:
        given = apply(_is_any_given, use.argument("filter"), use.argument("orderBy"))
        parts.append(product(Known(chosen), given))
    return total(parts)


def _is_any_given(*values: object) -> int:
    return int(any(values))


def _conditions(directives: Sequence[DirectiveNode] | None, above: Conditions) -> Conditions | None:
    """The conditions of a selection; None if it is never included."""
    if not directives:
        return above
    found = set(above)
    for directive in directives:
        if directive.name.value not in {"skip", "include"}:
            continue
        wanted = directive.name.value == "include"
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                found.add((argument.value.name.value, wanted))
            elif isinstance(argument.value, BooleanValueNode) and argument.value.value is not wanted:
                return None
    return frozenset(found)


def _where(alternatives: Sequence[Conditions], cost: Expression[int]) -> Expression[int]:
    """The cost if one of the alternatives holds, otherwise 0."""
    if ALWAYS in alternatives:
        return cost

    def compute(variables: Mapping[str, object]) -> int:
        holds = any(all(variables.get(name) is wanted for name, wanted in each) for each in alternatives)
        return evaluate(cost, variables) if holds else 0

    return Computed(compute)
