"""What the other side said, as one readable and harmless sentence.

Finds the message in every error shape that the vendors use (Mirakl §1.2, Veeqo §4; HTML and plain
text too), and removes keys and personal data, because the sentence ends in logs, exceptions and
the UI. The raw answer is kept elsewhere (`RemoteError.body`, for the ledger only).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

_LONGEST = 400
_REMOVED = "[removed]"

_EMAIL = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# International numbers, and national ones written in groups; a bare run of digits is an order id.
_PHONE = re.compile(
    r"(?<![\w.])\+\d[\d ()./-]{6,}\d"
    r"|(?<![\w.-])0\d{1,3}(?:[ ./-]\d{2,4}){2,}(?![\w-])"
)
_UNSEEN_HTML = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,2000}>")
_BLANKS = re.compile(r"\s+")

# Request fields whose values may be echoed in a refusal (every vendor's names for them).
_PERSONAL_FIELDS = frozenset(
    {
        "first_name", "last_name", "firstname", "lastname", "full_name", "company", "address1", "address2",
        "street_1", "street_2", "city", "zip", "zip_code", "phone", "phone_secondary", "mobile", "email",
        "firstName", "lastName", "line1", "line2", "line3", "line4", "postalCode", "name", "contactName",
        "attention", "addressLine1", "addressLine2", "addressLine3", "addressLine4", "shipToEmail",
    }
)  # fmt: skip
_MESSAGE_FIELDS = (
    "error_messages",
    "errorMessages",
    "errors",
    "errorMessage",
    "message",
    "error_description",
    "error",
    "detail",
    "title",
)


def said(body: str, *, secrets: Iterable[str] = (), request: Any = None) -> str:
    """The other side's words from an error answer, redacted and cut.

    Args:
        body: the answer's body, any shape.
        secrets: key values that must never be repeated.
        request: the JSON that was sent; personal values in it are removed where they are echoed.
    """
    sentence = "; ".join(dict.fromkeys(_messages(body)))
    return redacted(sentence, secrets=secrets, request=request) or "no explanation was given"


def redacted(text: str, *, secrets: Iterable[str] = (), request: Any = None) -> str:
    """`text` on one line without keys, e-mail addresses, phone numbers and echoed personal values."""
    text = _BLANKS.sub(" ", text[: 20 * _LONGEST]).strip()
    for secret in secrets:
        text = text.replace(secret, _REMOVED)
    for value in sorted(set(_personal_values(request)), key=len, reverse=True):
        if len(value) > 2:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", _REMOVED, text, flags=re.IGNORECASE)
    text = _PHONE.sub(_REMOVED, _EMAIL.sub(_REMOVED, text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _messages(body: str) -> Iterator[str]:
    text = body.strip()
    if not text:
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield _visible(text)
        return
    yield from _spoken(value)


def _spoken(value: Any, depth: int = 0) -> Iterator[str]:
    """The sentences of an error value: text, a list, an object, or text that itself holds JSON (Veeqo §4)."""
    if depth > 5 or value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                yield from _spoken(json.loads(value), depth + 1)
                return
            except (ValueError, RecursionError):
                pass  # it only looked like JSON: it is a sentence after all
        if value.strip():
            yield _visible(value)
    elif isinstance(value, Mapping):
        yield from _of_object(value, depth)
    elif isinstance(value, list):
        for item in value[:20]:
            yield from _spoken(item, depth + 1)
    else:
        yield str(value)[:_LONGEST]


def _of_object(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    spoken = [name for name in _MESSAGE_FIELDS if value.get(name)]
    for name in spoken or [name for name in value if name != "status"]:
        for sentence in _spoken(value[name], depth + 1):
            where = value.get("field") or value.get("code")
            yield f"{where}: {sentence}" if name == "message" and isinstance(where, str) else sentence


def _visible(text: str) -> str:
    if "<" not in text:
        return unescape(text)
    title = _TITLE.search(text[:20_000])
    shown = _TAG.sub(" ", _UNSEEN_HTML.sub(" ", text[:20_000]))
    heading = title[1].strip() if title else ""
    return unescape(shown if heading in shown else f"{heading} {shown}")


def _personal_values(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, str) and name in _PERSONAL_FIELDS:
                yield _BLANKS.sub(" ", item).strip()
            else:
                yield from _personal_values(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _personal_values(item)
