"""Fields behind the roots: each type is reached on the shortest way from a root, and all its fields are asked at once.

A node is asked for by the owner's id; other types through whatever leads to them, about the owner where an
argument says about whom. A cell says what came: ``owner's``, something that holds an id or the name of the
owner; ``ok``, something else; ``null``, nothing, or the way there was closed; otherwise the refusal's code.
"""

from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from discovery.schema import schema
from tests.api import access

FROM = ("Query", "Viewer", "Mutation")
# Types that several fields may answer with: the one that does.
BY = {"Child": "children", "GivenFeedback": "giveFeedback", "Import": "node"}
OWNERS = "owner's"


@dataclass(frozen=True)
class Step:
    """A field of an object of this type."""

    parent: str
    name: str
    field: GraphQLField


def ways():
    """{type: steps from a root to it}; the fewest, and no mutation where a question will do."""
    found: dict[str, tuple[Step, ...]] = {}
    for root in FROM:
        wave = [(root, ())]
        while wave:
            wave = [
                (reached, (*steps, step))
                for parent, steps in wave
                for step in steps_from(parent)
                for reached in objects(step.field.type)
                if reached not in FROM
                and BY.get(reached, step.name) == step.name
                and found.setdefault(reached, (*steps, step)) == (*steps, step)
            ]
    return found


def steps_from(parent):
    fields = schema._schema.type_map[parent].fields
    names = sorted(fields, key=lambda name: (f"{parent}.{name}" in access.STAFFS, name))
    return [Step(parent, name, fields[name]) for name in names if (parent, name) != ("Query", "node")]


def objects(kind):
    """Names of the object types a field may answer with."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        return sorted(each.name for each in schema._schema.get_possible_types(kind))
    return [kind.name] if isinstance(kind, GraphQLObjectType) else []


def operation(name, steps, fields, ids):
    """(query, variables, where its objects stand in the answer) for these fields of a type."""
    given: dict[str, object] = {}
    inner = "".join(
        f" {field}{arguments(name, field, each, ids, given)}{selection(each)}" for field, each in fields
    )
    kind = schema._schema.type_map[name]
    if name in ids and any(each.name == "Node" for each in kind.interfaces):
        body, path, root = f'node(id: "{ids[name]}") {{ ... on {name} {{{inner} }} }}', ("node",), "query"
    else:
        body = f"... on {name} {{{inner} }}"
        for step in reversed(steps):
            call = f"{step.name}{arguments(step.parent, step.name, step.field, ids, given)}"
            body = f"... on {step.parent} {{ {mark(step.parent)}{call} {{ {body} }} }}"
        path, root = (
            tuple(step.name for step in steps),
            "mutation" if steps[0].parent == "Mutation" else "query",
        )
        if steps[0].parent == "Viewer":
            body, path = f"viewer {{ {body} }}", ("viewer", *path)
    declared = ", ".join(f"${key}: {kind}" for key, (kind, _value) in given.items())
    variables = {key: value for key, (_kind, value) in given.items()}
    return f"{root} asked{f'({declared})' if declared else ''} {{ {body} }}", variables, path


def arguments(parent, name, field, ids, given):
    """The arguments a field cannot go without, as variables, and a page of one."""
    passed = []
    for arg, each in field.args.items():
        if is_required_argument(each):
            key = f"{name}_{arg}"
            given[key] = (each.type, access.value(f"{parent}.{name}", arg, each.type, ids))
            passed.append(f"{arg}: ${key}")
        elif arg == "first":
            passed.append("first: 1")
    return f"({', '.join(passed)})" if passed else ""


def mark(name):
    """The id of an object on the way, where it has one: it says whose the object is."""
    fields = getattr(schema._schema.type_map[name], "fields", {})
    return "id " if "id" in fields and name not in FROM else ""


def selection(field):
    names = objects(field.type)
    if not names:
        return ""
    return " { __typename " + " ".join(f"... on {name} {{ {mark(name)}__typename }}" for name in names) + " }"


def cells(world, role, name, steps):
    """{field: what this person gets of it}."""
    fields = sorted(schema._schema.type_map[name].fields.items())
    answer, path = ask(world, role, name, steps, fields)
    if "errors" not in answer:
        return {field: cell(world, answer, path, field) for field, _ in fields}
    found = {}
    for field in fields:
        answer, path = ask(world, role, name, steps, [field])
        code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else None
        found[field[0]] = code or cell(world, answer, path, field[0])
    return found


def ask(world, role, name, steps, fields):
    query, variables, path = operation(name, steps, fields, world.ids)
    return world.ask(role, query, variables), path


def cell(world, answer, path, field):
    values = [value for value in at(answer["data"], (*path, field)) if value not in (None, [])]
    if not values:
        return "null"
    # What lies above the field says whose it is, what lies below it what it tells.
    above = [
        each["id"]
        for depth in range(len(path) + 1)
        for each in at(answer["data"], path[:depth])
        if "id" in each
    ]
    return OWNERS if world.tells_of_owner([above, values]) else "ok"


def at(value, path):
    """Everything that stands at this path; lists are gone through."""
    if isinstance(value, list):
        return [found for each in value for found in at(each, path)]
    if not path:
        return [value]
    return at(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
