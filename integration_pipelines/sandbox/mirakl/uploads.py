"""Files in `multipart/form-data`, as the clients in use really send them (mirakl.md §1.1, §13.1).

Borne: parts without a content type, further parts with unknown names, quoted boundaries, bare line
feeds. Not borne: any other content type (415), no part of the asked name (400).
"""

import re
from email.message import Message
from email.parser import BytesParser

from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError
from integration_pipelines.sandbox.wire import Request

_MULTIPART = "multipart/form-data"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def read_upload(request: Request, name: str) -> bytes:
    """The content of the part called `name`; the first one, if there are several."""
    described = Message()
    described["content-type"] = request.headers.get("content-type", "")
    if described.get_content_type() != _MULTIPART:
        raise ApiError(415, f"Content type '{request.headers.get('content-type', '')}' is not supported.")
    boundary = described.get_boundary()
    if not boundary:
        raise BadRequestError("The multipart request has no boundary.")
    for part in _parts(request.body, boundary):
        head, _, content = _split(part)
        if head.get_param("name", header="content-disposition") == name:
            return content
    raise BadRequestError(f"Required part '{name}' is not present.")


def _parts(body: bytes, boundary: str) -> list[bytes]:
    delimiter = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("latin-1")) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)"
    )
    return delimiter.split(body)[1:-1]


def _split(part: bytes) -> tuple[Message, bytes, bytes]:
    """Head and content of a part, which begins with the line break that ends its boundary."""
    found = _BLANK_LINE.search(part)
    if found is None:
        return Message(), b"", b""
    head = BytesParser().parsebytes(part[: found.start()].lstrip(b"\r\n") + b"\n\n", headersonly=True)
    return head, found.group(), part[found.end() :]
