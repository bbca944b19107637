"""What a body holds is of the type that the document names: no word is taken for a number, no number for a moment."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.accounts.roles import Role
from app.web.application import OPENAPI_URL
from tests.fixtures.accounts import Accounts
from tests.fixtures.web import Web

WRONG: dict[str, list[Any]] = {"integer": [False, "1", 1.5], "boolean": [0, "yes"], "string": [0, True], "array": ["x"]}
PARAMETERS = {"string": "01a20927-790f-7a1d-9a1c-d2cf9b3f5b13", "integer": 1}


def leaves(schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Any, set[str]]]:
    """Yield every field of a body, by its path, with the types that it may have."""
    if "$ref" in schema:
        schema = root["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    either = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    if len(either) == 1 and "$ref" in either[0]:
        yield from leaves(either[0], root, path)
    elif schema.get("properties"):
        for name, inner in schema["properties"].items():
            yield from leaves(inner, root, (*path, name))
    else:
        yield path, {one["type"] for one in either if "type" in one}


@pytest.fixture
async def bodies(web: Web) -> list[tuple[str, str, tuple[str, ...], set[str]]]:
    root = (await web.http.get(OPENAPI_URL)).json()
    return [
        (method, filled(path, one), field, types)
        for path, operations in root["paths"].items()
        for method, one in operations.items()
        if "requestBody" in one
        for field, types in leaves(one["requestBody"]["content"]["application/json"]["schema"], root)
    ]


def filled(path: str, operation: dict[str, Any]) -> str:
    values = {
        one["name"]: PARAMETERS[one["schema"]["type"]] for one in operation.get("parameters", ()) if one["in"] == "path"
    }
    return path.format(**values)


async def test_another_type_than_the_document_names_is_refused_by_name(
    web: Web, accounts: Accounts, bodies: list[Any]
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    tried = 0
    for method, path, field, types in bodies:
        for wrong in {repr(value): value for kind in types for value in WRONG.get(kind, ())}.values():
            if any(fits(wrong, kind) for kind in types):
                continue
            body: Any = wrong
            for name in reversed(field):
                body = {name: body}
            answer = await web.http.request(method, path, json=body, headers=headers)
            assert answer.status_code == 400, (method, path, body, answer.text)
            assert any(one["field"].startswith(".".join(field)) for one in answer.json()["errors"]), (path, body)
            tried += 1
    assert tried > 100, tried


def fits(value: Any, kind: str) -> bool:
    types = {"integer": int, "boolean": bool, "string": str, "array": list}
    return type(value) is types.get(kind)
