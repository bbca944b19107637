"""The frame of every message: JSON-RPC 2.0, one object per line, unknown fields refused at any depth."""

from typing import Any, TypeVar

import msgspec
import psycopg

from app.errors import AppError, NotFound

T = TypeVar("T")

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_FOUND = -32001
REJECTED = -32002

EMPTY = msgspec.Raw(b"{}")


class Params(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of everything that is asked. What is left out, and what is zero or empty, is the queue's default."""


class Request(msgspec.Struct):
    jsonrpc: str
    method: str
    id: int = 0
    params: msgspec.Raw = EMPTY

    def check(self) -> None:
        if self.jsonrpc != "2.0":
            raise Failure(INVALID_REQUEST, "jsonrpc must be 2.0")


class Failure(Exception):
    """A request that cannot be answered, with the code that says why."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode_request(line: bytes) -> Request:
    try:
        return msgspec.json.decode(line, type=Request)
    except msgspec.DecodeError as err:
        raise Failure(PARSE_ERROR, str(err)) from err


def decode_params(raw: msgspec.Raw, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(EMPTY if bytes(raw) == b"null" else raw, type=wanted)
    except msgspec.DecodeError as err:
        raise Failure(INVALID_PARAMS, str(err)) from err


def encode_result(request_id: int, result: Any) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "result": result}) + b"\n"


def encode_failure(request_id: int, err: BaseException) -> bytes:
    error = {"code": code_of(err), "message": str(err) or type(err).__name__}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "error": error}) + b"\n"


def code_of(err: BaseException) -> int:
    """What the queue refuses, and what the database refuses it, is rejected alike; anything else is our own defect."""
    if isinstance(err, Failure):
        return err.code
    if isinstance(err, NotFound):
        return NOT_FOUND
    return REJECTED if isinstance(err, AppError | psycopg.Error | TimeoutError) else INTERNAL_ERROR
