"""The document describes every route, and its schemas describe what is really answered."""

from typing import Any

from fastapi.routing import APIRoute

from app.web.application import OPENAPI_URL, create_app
from tests.fixtures.web import Web

METHODS = {"get", "head", "post", "put", "patch", "delete"}

UNDOCUMENTED = {("HEAD", "/healthz"), ("HEAD", "/readyz")}
"""The same as GET without a body."""

PAGES = {("GET", "/setup"), ("GET", "/setup.js"), ("GET", "/setup.css")}
"""For people."""


async def document(web: Web) -> dict[str, Any]:
    answer = await web.http.get(OPENAPI_URL)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


async def test_every_route_and_every_promised_route_is_described(web: Web) -> None:
    described = {
        (method.upper(), path)
        for path, operations in (await document(web))["paths"].items()
        for method in operations
        if method in METHODS
    }
    promised = {
        ("POST", "/api/v1/setup"),
        ("GET", "/api/v1/metadata/sources"),
        ("GET", "/api/v1/metadata/attributions"),
        ("GET", "/api/v1/metadata/reviews"),
        ("GET", "/api/v1/libraries/{library_id}/metadata"),
        ("PATCH", "/api/v1/libraries/{library_id}/metadata"),
        ("POST", "/api/v1/libraries/{library_id}/metadata/refresh"),
        ("GET", "/api/v1/items/{item_id}/match"),
        ("PUT", "/api/v1/items/{item_id}/match"),
        ("DELETE", "/api/v1/items/{item_id}/match"),
        ("POST", "/api/v1/items/{item_id}/match/retry"),
        ("GET", "/api/v1/items/{item_id}/match/candidates"),
        ("GET", "/api/v1/items/{item_id}/episode-order"),
        ("PUT", "/api/v1/items/{item_id}/episode-order"),
        ("GET", "/api/v1/me"),
        ("PUT", "/api/v1/me/password"),
        ("GET", "/api/v1/logins"),
        ("POST", "/api/v1/logins"),
        ("POST", "/api/v1/logins/refresh"),
        ("DELETE", "/api/v1/logins/{login_id}"),
        ("GET", "/api/v1/api-keys"),
        ("POST", "/api/v1/api-keys"),
        ("DELETE", "/api/v1/api-keys/{key_id}"),
        ("GET", "/api/v1/accounts"),
        ("POST", "/api/v1/accounts"),
        ("GET", "/api/v1/accounts/{account_id}"),
        ("PATCH", "/api/v1/accounts/{account_id}"),
        ("DELETE", "/api/v1/accounts/{account_id}"),
        ("PUT", "/api/v1/accounts/{account_id}/password"),
        ("GET", "/api/v1/accounts/{account_id}/logins"),
        ("DELETE", "/api/v1/accounts/{account_id}/logins/{login_id}"),
        ("GET", "/api/v1/accounts/{account_id}/api-keys"),
        ("POST", "/api/v1/accounts/{account_id}/api-keys"),
        ("DELETE", "/api/v1/accounts/{account_id}/api-keys/{key_id}"),
        ("GET", "/api/v1/audit"),
        ("POST", "/api/v1/files/{file_id}/token"),
        ("GET", "/api/v1/libraries"),
        ("POST", "/api/v1/libraries"),
        ("GET", "/api/v1/libraries/{library_id}"),
        ("PATCH", "/api/v1/libraries/{library_id}"),
        ("DELETE", "/api/v1/libraries/{library_id}"),
        ("POST", "/api/v1/libraries/{library_id}/scan"),
        ("GET", "/api/v1/libraries/{library_id}/roots"),
        ("PATCH", "/api/v1/libraries/{library_id}/roots/{root_id}"),
        ("POST", "/api/v1/libraries/{library_id}/confirm-loss"),
        ("POST", "/api/v1/libraries/{library_id}/purge"),
        ("GET", "/api/v1/duplicates"),
        ("GET", "/api/v1/problems"),
        ("GET", "/api/v1/items"),
        ("GET", "/api/v1/items/tree"),
        ("GET", "/api/v1/items/{item_id}"),
        ("GET", "/api/v1/search"),
        ("GET", "/api/v1/search/engine"),
        ("GET", "/api/v1/people/{person_id}"),
        ("GET", "/api/v1/people/{person_id}/image"),
        ("HEAD", "/api/v1/people/{person_id}/image"),
        ("GET", "/api/v1/libraries/{library_id}/image"),
        ("HEAD", "/api/v1/libraries/{library_id}/image"),
        ("PUT", "/api/v1/libraries/{library_id}/image"),
        ("POST", "/api/v1/search/reindex"),
        ("PATCH", "/api/v1/items/{item_id}"),
        ("GET", "/api/v1/items/facets"),
        ("GET", "/api/v1/home"),
        ("PUT", "/api/v1/items/{item_id}/progress"),
        ("PUT", "/api/v1/items/{item_id}/watched"),
        ("DELETE", "/api/v1/items/{item_id}/watched"),
        ("PUT", "/api/v1/items/{item_id}/favorite"),
        ("DELETE", "/api/v1/items/{item_id}/favorite"),
        ("DELETE", "/api/v1/items/{item_id}/resume"),
        ("GET", "/api/v1/resume"),
        ("GET", "/api/v1/next-up"),
        ("GET", "/api/v1/history"),
        ("GET", "/api/v1/files/{file_id}"),
        ("GET", "/api/v1/items/{item_id}/images/{role}"),
        ("HEAD", "/api/v1/items/{item_id}/images/{role}"),
        ("GET", "/api/v1/items/{item_id}/images/{role}/{place}"),
        ("HEAD", "/api/v1/items/{item_id}/images/{role}/{place}"),
        ("GET", "/api/v1/files/{file_id}/subtitles/{place}"),
        ("GET", "/api/v1/files/{file_id}/subtitles/{place}/pictures"),
        ("GET", "/api/v1/files/{file_id}/lyrics"),
        ("GET", "/api/v1/files/{file_id}/lyrics/{place}"),
        ("GET", "/api/v1/files/{file_id}/stream"),
        ("HEAD", "/api/v1/files/{file_id}/stream"),
        ("GET", "/api/v1/files/{file_id}/trickplay/index.vtt"),
        ("GET", "/api/v1/files/{file_id}/trickplay/{number}.jpg"),
        ("GET", "/api/v1/files/{file_id}/chapters/{number}.jpg"),
        ("POST", "/api/v1/playback"),
        ("GET", "/api/v1/playback/{playback_id}"),
        ("PUT", "/api/v1/playback/{playback_id}"),
        ("DELETE", "/api/v1/playback/{playback_id}"),
        ("GET", "/api/v1/playback/{playback_id}/chapters/{number}.jpg"),
        ("GET", "/api/v1/playback/{playback_id}/fonts/{number}"),
        ("GET", "/api/v1/playback/{playback_id}/file"),
        ("HEAD", "/api/v1/playback/{playback_id}/file"),
        ("GET", "/api/v1/playback/{playback_id}/master.m3u8"),
        ("GET", "/api/v1/playback/{playback_id}/{rendition}/index.m3u8"),
        ("GET", "/api/v1/playback/{playback_id}/{rendition}/{name}"),
        ("GET", "/api/v1/jobs"),
        ("POST", "/api/v1/jobs"),
        ("GET", "/api/v1/job-kinds"),
        ("GET", "/api/v1/jobs/stats"),
        ("GET", "/api/v1/jobs/{job_id}"),
        ("DELETE", "/api/v1/jobs/{job_id}"),
        ("POST", "/api/v1/jobs/{job_id}/cancel"),
        ("POST", "/api/v1/jobs/{job_id}/retry"),
        ("GET", "/api/v1/queues"),
        ("GET", "/api/v1/queues/{name}"),
        ("GET", "/api/v1/schedule"),
        ("GET", "/api/v1/secrets/keys"),
        ("POST", "/api/v1/secrets/keys"),
        ("POST", "/api/v1/secrets/rotate"),
        ("DELETE", "/api/v1/secrets"),
        ("GET", "/api/v1/events"),
        ("PUT", "/api/v1/queues/{name}/pause"),
        ("PUT", "/api/v1/queues/{name}/resume"),
        ("GET", "/api/v1/proof"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }
    assert described == promised


async def test_the_document_holds_together(web: Web) -> None:
    found = await document(web)

    assert found["openapi"].startswith("3.1")
    schemas = found["components"]["schemas"]
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference
    operations = [one for path in found["paths"].values() for method, one in path.items() if method in METHODS]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for one in operations:
        assert one["description"]
        assert "422" not in one["responses"], "wrong input is answered with 400"
        assert one["responses"]["default"]["content"]["application/problem+json"]["schema"] == {
            "$ref": "#/components/schemas/Problem"
        }
    for name, schema in schemas.items():
        assert schema.get("type") == "object" or schema.get("enum"), name


async def test_nothing_is_loaded_from_elsewhere_to_read_it(web: Web) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await web.http.get(path)).status_code == 404


async def test_answers_are_what_the_document_says(web: Web) -> None:
    found = await document(web)
    for path in (
        "/api/v1/libraries",
        "/api/v1/items",
        "/api/v1/jobs",
        "/api/v1/jobs/stats",
        "/api/v1/queues",
        "/readyz",
    ):
        answer = await web.http.get(path)
        content = found["paths"][path]["get"]["responses"]["200"]["content"]
        assert list(content) == [answer.headers["content-type"]]
        check(answer.json(), content["application/json"]["schema"], found)


def check(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> None:
    """Check a value against the parts of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = root["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        assert any(fits(value, one, root) for one in schema["anyOf"]), (value, schema)
        return
    match schema.get("type"):
        case "object":
            assert isinstance(value, dict)
            assert set(schema.get("required", ())) <= value.keys()
            for name, inner in value.items():
                check(inner, schema.get("properties", {}).get(name, schema.get("additionalProperties", {})), root)
            assert not schema.get("properties") or value.keys() <= schema["properties"].keys()
        case "array":
            assert isinstance(value, list)
            for inner in value:
                check(inner, schema["items"], root)
        case None:
            return
        case plain:
            kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
            assert isinstance(value, kinds[plain])  # type: ignore[arg-type]


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    try:
        check(value, schema, root)
    except AssertionError:
        return False
    return True


def test_every_route_of_the_code_is_in_the_document() -> None:
    from dishka import make_async_container

    from app.observability import Metrics

    app = create_app(make_async_container(), Metrics(), ())
    described = {(method.upper(), path) for path, operations in app.openapi()["paths"].items() for method in operations}
    routed = {(method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods}
    assert routed
    assert routed - described <= UNDOCUMENTED | PAGES


async def test_links_lead_to_routes_by_parameters_they_have(web: Web) -> None:
    operations = {
        one["operationId"]: one
        for path in (await document(web))["paths"].values()
        for method, one in path.items()
        if method in METHODS
    }
    links = [
        link
        for one in operations.values()
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 20
    for link in links:
        taken = {parameter["name"] for parameter in operations[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= taken, link


async def test_a_wrong_method_is_told_to_strangers_too(web: Web) -> None:
    stranger = {"X-Forwarded-For": "192.0.2.7"}
    name = await web.http.delete("/api/v1/logins/refresh", headers=stranger)
    assert (name.status_code, name.headers.get("allow")) == (405, "POST")
    some = await web.http.delete("/api/v1/logins/01a229e3-efa0-7be9-b4b4-72ce710a31db", headers=stranger)
    assert some.status_code == 401


async def test_a_wrong_method_is_told_the_right_ones(web: Web) -> None:
    """The router knows only of the first route that fits half; a whole name is no id of another route's."""
    for method, path, allowed in (
        ("OPTIONS", "/api/v1/accounts", "GET, POST"),
        ("PUT", "/api/v1/libraries/01a229e3-efa0-7be9-b4b4-72ce710a31db", "DELETE, GET, PATCH"),
        ("DELETE", "/api/v1/jobs/stats", "GET"),
        ("DELETE", "/setup", "GET"),
    ):
        answer = await web.http.request(method, path)
        assert (answer.status_code, answer.headers.get("allow")) == (405, allowed), path
        assert answer.json()["code"] == "method_not_allowed"
