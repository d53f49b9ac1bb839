"""Who may talk to the server at all: this machine, with the token, and no foreign web page."""

import hmac
import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.said import Said

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """Wraps an application and lets through only requests with the right Host, Origin and token.

    The Host check stops DNS rebinding (a foreign name that points at this machine), the Origin
    check a web page of elsewhere; the token stops other users of this machine.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with why not."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        if _host(f"//{headers.get('host', '')}") not in LOOPBACK:
            return refuse(403, Said("This server answers to its loopback address only."))
        origin = headers.get("origin")
        if origin is not None and _host(origin) not in LOOPBACK:
            return refuse(403, Said("This server answers no web page of another origin."))
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.strip().encode(), self._token)
        if scheme.lower() != "bearer" or not is_right:
            return refuse(401, Said("The bearer token is missing or wrong; it is in serve.json."))
        return None


def refuse(status: int, message: Said, kind: str = "refused") -> Response:
    """A refusal in the form of OpenAI's errors."""
    body = json.dumps({"error": {"type": kind, **message.as_json()}}, ensure_ascii=False)
    return Response(body, status_code=status, media_type="application/json")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
