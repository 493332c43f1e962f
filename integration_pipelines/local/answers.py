"""Does a child of the stack answer? Plain HTTP on the loopback interface, nothing else.

Not for calls to marketplaces and warehouses: those have one door, `connectors/http.py`.
"""

import http.client
import json
import socket
from typing import Any

from integration_pipelines.local.errors import LocalStackError

LOOPBACK = "127.0.0.1"
_TIMEOUT = 10  # seconds
_LOCATIONS = """{ workspaceOrError {
  ... on PythonError { message }
  ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
    __typename ... on PythonError { message errorChain { error { message } } } } } } } }"""


def free_port(wanted: int) -> int:
    """`wanted` when nobody listens there, else a port that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise LocalStackError(f"No port is free on {LOOPBACK}; stop something that listens there.")


def ask(port: int, path: str, question: Any = None) -> Any:
    """The JSON answer of a GET, or of a POST when there is a `question`; `None` while there is none."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT)
    try:
        if question is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(question), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def dagster_is_ready(port: int) -> bool:
    """Whether the UI answers and has loaded every code location.

    Raises:
        LocalStackError: a code location cannot be loaded; Dagster's own message is quoted.
    """
    answer = ask(port, "/graphql", {"query": _LOCATIONS})
    if not isinstance(answer, dict) or not answer.get("data"):
        return False
    workspace = answer["data"]["workspaceOrError"]
    if "message" in workspace:
        raise LocalStackError(f"Dagster cannot read the workspace: {workspace['message']}")
    for entry in workspace["locationEntries"]:
        found = entry["locationOrLoadError"]
        if found and found["__typename"] == "PythonError":
            chain = [found, *(link["error"] for link in found["errorChain"])]
            said = "".join(f"\n  {error['message'].strip()}" for error in chain)
            raise LocalStackError(f"Dagster cannot load the code location {entry['name']}:{said}")
        if not found or entry["loadStatus"] != "LOADED":
            return False
    return True
