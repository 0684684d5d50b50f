"""What GitHub and SARIF demand and the schema cannot say. `problems` lists what is wrong with a SARIF document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

LEVELS = {"note", "warning", "error"}
HASH = re.compile(r"[0-9a-f]{1,16}:[1-9][0-9]*")
KEY = re.compile(r"[0-9a-f]{16}")
URI = re.compile(r"(?:[A-Za-z0-9\-._~/!$&'()*+,;=@]|%[0-9A-F]{2})*")


def problems(document: Json) -> list[str]:
    """Every breach, in words; [] for a document that GitHub takes and shows as meant."""
    runs = document["runs"]
    if len(runs) != 1:
        return [f"{len(runs)} runs: one tool writes one run"]
    (run,) = runs
    return [*_rules(run["tool"]["driver"]["rules"]), *_results(run), *_frame(run)]


def _frame(run: Json) -> Iterator[str]:
    if not run["automationDetails"]["id"].endswith("/"):
        yield "automationDetails.id has no slash at its end, so GitHub sees no category"
    if run.get("columnKind") not in {"unicodeCodePoints", "utf16CodeUnits"}:
        yield "columnKind is not declared"
    for base in run["originalUriBaseIds"].values():
        if "uri" in base:
            yield "a base URI names a folder of this machine"
    for invocation in run["invocations"]:
        for note in invocation.get("toolExecutionNotifications", []):
            for location in note.get("locations", []):
                yield from _place(location, "notification")


def _rules(rules: list[Json]) -> Iterator[str]:
    for identity, count in Counter(rule["id"] for rule in rules).items():
        if count > 1:
            yield f"rule {identity} is listed {count} times"
    if len(rules) > 25_000:
        yield "more rules than GitHub takes"
    for rule in rules:
        yield from (f"rule {rule['id']}: {problem}" for problem in _rule(rule))


def _rule(rule: Json) -> Iterator[str]:
    texts = {
        "name": (rule["name"], 255),
        "shortDescription": (rule["shortDescription"]["text"], 1024),
        "fullDescription": (rule["fullDescription"]["text"], 1024),
        "help.text": (rule["help"]["text"], 10**6),
        "help.markdown": (rule["help"]["markdown"], 10**6),
    }
    for name, (text, limit) in texts.items():
        if not 0 < len(text) <= limit:
            yield f"{name} has {len(text)} characters"
    properties = rule["properties"]
    tags = properties["tags"]
    if len(tags) > 10 or len(set(tags)) < len(tags):
        yield f"tags {tags} are too many or not unique"
    if f"ticket:{properties['ticket']}" not in tags:
        yield "no tag names the ticket"
    if rule["defaultConfiguration"]["level"] not in LEVELS:
        yield "no level"
    severity = properties.get("security-severity")
    if severity is not None and not (isinstance(severity, str) and 0 < float(severity) <= 10):
        yield f"security-severity {severity!r} is not a number as text"
    if (severity is None) == ("security" in tags) or (severity is None) != ("problem.severity" in properties):
        yield "a rule is either about security, with a security-severity, or has a problem.severity"


def _results(run: Json) -> Iterator[str]:
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    if len(results) > 25_000:
        yield "more results than GitHub takes"
    for number, result in enumerate(results):
        yield from (f"result {number}: {problem}" for problem in _result(result, rules))
    if [_order(result) for result in results] != sorted(_order(result) for result in results):
        yield "results are not sorted by place"
    for line, count in Counter((_order(result)[:2], result["ruleId"]) for result in results).items():
        if count > 1:
            yield f"{count} results share {line}"


def _result(result: Json, rules: list[Json]) -> Iterator[str]:
    index = result.get("ruleIndex", -1)
    if index >= len(rules) or (index >= 0 and rules[index]["id"] != result["ruleId"]):
        yield f"ruleIndex {index} is not {result['ruleId']}"
    if index < 0 and any(rule["id"] == result["ruleId"] for rule in rules):
        yield "ruleIndex is missing"
    if result["level"] not in LEVELS or result.get("kind", "fail") != "fail":
        yield "GitHub would show it although it is no failure"
    if not result["message"]["text"]:
        yield "no message"
    if len(result["locations"]) != 1:
        yield "not exactly one location"
    flows = result.get("codeFlows", [])
    steps = [step["location"] for flow in flows for thread in flow["threadFlows"] for step in thread["locations"]]
    for location in [*result["locations"], *result.get("relatedLocations", []), *steps]:
        yield from _place(location, "location")
    fingerprints = result.get("partialFingerprints", {})
    if not HASH.fullmatch(fingerprints.get("primaryLocationLineHash", "0:1")):
        yield "primaryLocationLineHash is not GitHub's"
    if not KEY.fullmatch(fingerprints.get("chunklint/v1", "0" * 16)):
        yield "our key is malformed"
    if not result["properties"]["ticket"]:
        yield "no ticket"


def _place(location: Json, name: str) -> Iterator[str]:
    physical = location["physicalLocation"]
    uri = physical["artifactLocation"]["uri"]
    if not URI.fullmatch(uri) or uri.startswith("/") or not uri:
        yield f"{name}: {uri!r} is not a %-encoded relative reference"
    if physical["artifactLocation"]["uriBaseId"] != "%SRCROOT%":
        yield f"{name}: not relative to the root"
    region = physical["region"]
    start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
    if min(start + end) < 1 or end < start:
        yield f"{name}: region {start}-{end}"


def _order(result: Json) -> tuple[str, int, int]:
    if not result["locations"]:
        return "", 0, 0
    physical = result["locations"][0]["physicalLocation"]
    path = unquote(physical["artifactLocation"]["uri"], errors="surrogateescape")
    return path, physical["region"]["startLine"], physical["region"]["startColumn"]
