"""Membercare's description is true: whatever a generated client sends, each answer is one that it names, and none is a 5xx.

Requests are made from /openapi.json alone: values that fit each schema, and values that do not fit at one place. Answers are checked
against the schema of their status.
"""

import json
import random
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema  # comes with kinto
import pytest

from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

TRIES = 30
METHODS = {"get", "post", "put", "patch", "delete"}
TEXTS = (
    "",
    " ",
    "a",
    "Ødegård",
    "10001",
    "700001",
    "-1",
    "2026-02-30",
    "2026-01-02T03:04:05",
    "x" * 3000,
    "名前",
    "'; --",
    "a/b?c#d",
    "\u0000",
)
WHOLE = (0, 1, -1, 2, 7, 25, 10_001, 700_001, 2**31, -(2**63))


class Described:
    """A description, and values made by it. ``known``: ids that are there, for paths."""

    def __init__(self, document: Mapping[str, Any], rng: random.Random, known: Mapping[str, list[Any]]) -> None:
        self.document = document
        self.rng = rng
        self.known = known

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if method in METHODS:
                    yield method.upper(), path, operation

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def value(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        """A value that fits."""
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        if "anyOf" in schema:
            return self.value(self.rng.choice(schema["anyOf"]), depth)
        match schema.get("type"):
            case "object":
                return self._object(schema, depth)
            case "array":
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.rng.randint(0, 2 if depth < 3 else 0))]
            case "string":
                return self.rng.choice(TEXTS)
            case "integer":
                return self.rng.choice(WHOLE)
            case "number":
                return self.rng.choice((0, 1.5, -3, 25.0, 1e9))
            case "boolean":
                return self.rng.random() < 0.5
            case "null":
                return None
        return self.rng.choice((None, 1, "text", True, {}))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        chance = 0.5 if depth < 3 else 0.0
        names = [name for name in schema.get("properties", {}) if name in required or self.rng.random() < chance]
        return {name: self.value(schema["properties"][name], depth + 1) for name in names}

    def unfit(self, schema: Mapping[str, Any]) -> Any:
        """A value that does not fit: not an object at all, or one of its members of no type that it may have."""
        schema = self.resolved(schema)
        fitting = self.value(schema)
        if not isinstance(fitting, dict) or not schema.get("properties") or self.rng.random() < 0.2:
            return self.rng.choice([one for one in ([], {}, "text", 17, True) if not self.fits(schema, one)])
        name = self.rng.choice(list(schema["properties"]))
        odd = [one for one in ({"odd": 1}, [[]], "odd", 17.25, True) if not self.fits(schema["properties"][name], one)]
        return {**fitting, name: self.rng.choice(odd)} if odd else 17

    def fits(self, schema: Mapping[str, Any], value: Any) -> bool:
        rooted = {**schema, "components": self.document["components"]}
        return bool(jsonschema.Draft202012Validator(rooted).is_valid(value))

    def url(self, path: str, operation: Mapping[str, Any]) -> str:
        query = {}
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "path":
                there = self.known.get(path.split("/")[3], [])
                value = self.rng.choice(there) if there and self.rng.random() < 0.7 else self.rng.choice([*TEXTS[2:], *WHOLE])
                path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
            elif parameter["in"] == "query" and self.rng.random() < 0.5:
                value = self.value(parameter["schema"]) if self.rng.random() < 0.8 else self.rng.choice(TEXTS)
                query[name] = str(value).lower() if isinstance(value, bool) else value
        return f"{path}?{urlencode(query)}" if query else path


def call(server: Running, method: str, path: str, body: Any, token: str) -> tuple[int, str, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}", data, {"Content-Type": "application/json", "token": token}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Content-Type", ""), error.read()


def ids(server: Running, token: str) -> dict[str, list[Any]]:
    """What may stand in paths below each collection."""
    item = {"sequence": 1, "description": "A line", "amount": 1, "totalPriceWithoutVat": 10, "totalVat": 2.5}
    for kind in ("persons", "companies"):  # so that there are invoices, which a strict server can only make in this way
        _, _, body = call(server, "GET", f"/api/v1/{kind}", None, token)
        purchase = {"debtorAccountNumber": json.loads(body)["result"][0]["debtorAccountNumber"], "externalPurchaseItems": [item]}
        assert call(server, "POST", "/api/v1/externalPurchase", purchase, token)[0] == 200
    found: dict[str, list[Any]] = {}
    for kind, id in (("persons", "debtorAccountNumber"), ("companies", "debtorAccountNumber"), ("invoices", "id"), ("products", "id")):
        _, _, body = call(server, "GET", f"/api/v1/{kind}?pageSize=20", None, token)
        found[kind] = [one[id] for one in json.loads(body)["result"]]
    return {**found, "debtors": [*found["persons"], *found["companies"]]}


def wrong(described: Described, operation: Mapping[str, Any], answered: tuple[int, str, bytes], fitting: bool) -> str:
    """What is wrong with an answer, "" if nothing is."""
    status, kind, body = answered
    said = operation["responses"].get(str(status), operation["responses"]["default"])
    if status >= 500:
        return f"{status}: {body[:300]!r}"
    if not fitting and status < 400:
        return f"{status} to a body that does not fit"
    if "content" not in said:
        return f"a body where none is described: {body[:100]!r}" if body else ""
    if not kind.startswith("application/json"):
        return f"{status} with {kind}"
    schema = {**said["content"]["application/json"]["schema"], "components": described.document["components"]}
    problem = next(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(body)), None)
    return f"{status}: {problem.json_path}: {problem.message[:300]}" if problem is not None else ""


@pytest.mark.parametrize("options", [(), ("--strict",)], ids=["lenient", "strict"])
def test_every_answer_is_one_that_the_description_names(options: tuple[str, ...]) -> None:
    found: list[str] = []
    answers: Counter[tuple[str, bool]] = Counter()
    with start("membercare", 20, 3, options=options) as server:
        signing = json.dumps({"clientApiKey": server.key, "personToImpersonate": "1"}).encode()
        request = urllib.request.Request(f"{server.url}/api/v1/token", signing, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            token = json.loads(answer.read())["value"]
        with urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
            document = json.loads(answer.read())
        described = Described(document, random.Random(5), ids(server, token))
        for method, path, operation in described.operations():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            for turn in range(TRIES):
                fitting = body is None or turn % 3 != 2
                sent = None if body is None else described.value(body) if fitting else described.unfit(body)
                url = described.url(path, operation)
                answered = call(server, method, url, sent, token)
                answers[f"{method} {path}", answered[0] < 300] += 1
                if problem := wrong(described, operation, answered, fitting):
                    found.append(f"{method} {url[:200]} {json.dumps(sent)[:300]}\n    {problem}")
    assert not found, f"{len(found)} answers:\n" + "\n".join(found[:15])
    reads = {name for name, _ in answers if name.startswith("GET") and "token" not in name}
    seldom = ("externalid", "norwegian")  # nobody has the external id, or the number, that chance gives
    silent = {name for name in reads if not answers[name, True] and not any(word in name for word in seldom)}
    assert not silent, "a call that never succeeded proves nothing of its answers"


def test_the_strict_server_describes_what_the_public_api_has_and_no_more() -> None:
    with start("membercare", 1, 3, options=["--strict"]) as server, urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
        document = json.loads(answer.read())
    calls = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert not [path for _, path in calls if path.startswith("/_sandbox")]
    assert {("GET", "/api/v1/invoices"), ("PATCH", "/api/v1/invoices/{id}"), ("POST", "/api/v1/externalPurchase")} <= calls
    for missing in (
        ("POST", "/api/v1/invoices"),
        ("DELETE", "/api/v1/invoices/{id}"),
        ("POST", "/api/v1/products"),
        ("PATCH", "/api/v1/products/{id}"),
    ):
        assert missing not in calls
    assert not any(method == "DELETE" and path.endswith("}") for method, path in calls), "nothing is ever deleted there"
