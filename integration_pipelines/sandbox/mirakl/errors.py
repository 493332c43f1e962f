"""How a marketplace says no: `{"status", "message"}`, plus a symbolic code where one is documented (OR21)."""

from integration_pipelines.sandbox.wire import Answer, json_answer


class ApiError(Exception):
    """Ends a request with an error answer; nothing was changed."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def answer(self) -> Answer:
        body: dict[str, object] = {"status": self.status, "message": self.message}
        if self.code is not None:
            body["code"] = self.code
        return json_answer(self.status, body)


class BadRequestError(ApiError):
    """400: validation or state."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(400, message, code)


class NotFoundError(ApiError):
    """404: an unknown id or an operation that is not switched on."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(404, message, code)
