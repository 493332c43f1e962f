"""Between the integration and the sandbox: answers that a test wants to falsify, and a log of the calls.

The sandbox has faults of its own for what happens in life; this is for what a test must choose
to the byte.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from integration_pipelines.sandbox.wire import Answer

Falsify = Callable[[Answer], Answer]


@dataclass
class Falsifier:
    """Hands requests on to `ask` and applies the falsifications whose path matches."""

    ask: Callable[[str, str, Mapping[str, str], bytes], Answer]
    calls: list[tuple[str, str, bytes]] = field(default_factory=list)
    _lies: list[tuple[str, str, Falsify]] = field(default_factory=list)
    _blocks: list[tuple[str, str, Answer]] = field(default_factory=list)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.calls.append((method, target, body))
        for wanted, part, instead in self._blocks:
            if method == wanted and part in target:
                return instead
        answer = self.ask(method, target, headers, body)
        for wanted, part, falsify in self._lies:
            if method == wanted and part in target:
                answer = falsify(answer)
        return answer

    def falsify(self, method: str, part: str, how: Falsify) -> None:
        """From now on answers to `method` on targets that contain `part` are changed by `how`."""
        self._lies.append((method, part, how))

    def block(self, method: str, part: str, instead: Answer) -> None:
        """From now on such requests do not arrive; they are answered with `instead`."""
        self._blocks.append((method, part, instead))

    def be_honest(self) -> None:
        self._lies.clear()
        self._blocks.clear()

    def sent(self, method: str, part: str) -> list[tuple[str, str, bytes]]:
        """The calls so far that match."""
        return [call for call in self.calls if call[0] == method and part in call[1]]


def body_of(raw: bytes, status: int = 200, content_type: str = "application/json") -> Falsify:
    """Any answer becomes this one."""
    return lambda _: Answer(status, {"content-type": content_type}, raw)


def changed_json(change: Callable[[Any], Any]) -> Falsify:
    """The JSON of the answer, changed; what `change` returns is encoded with escapes, surrogates included."""

    def falsify(answer: Answer) -> Answer:
        if not answer.body:
            return answer
        return replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())

    return falsify
