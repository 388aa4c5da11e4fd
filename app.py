"""The web server: Streamlit over `pages/shell.py`, the routes beside it, and the headers of every answer."""

import hmac
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import redaction
from engine.accounts.actor import Actor
from engine.accounts.sessions import COOKIE, SESSION_DAYS
from engine.errors import StudioError
from engine.settings import Settings, load_settings
from engine.studio import Studio, open_studio
from engine.usage.metrics import CONTENT_TYPE
from pages.ui.context import get_studio, use_studio
from pages.ui.errors import unexpected

CODE_BYTES = 200
PROOF = "_streamlit_user"  # Streamlit's cookies of who an OpenID provider says it is: taken once, then dropped
HEADERS = {
    # Streamlit's own page needs inline and evaluated script. What counts here: nothing from, and nothing to, elsewhere.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def security_headers(app: ASGIApp) -> ASGIApp:
    """Add HEADERS to every answer."""

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await app(scope, receive, send_with_headers)

    return with_headers


def same_origin(request: Request) -> bool:
    """Whether a page of ours asks. A browser always says where a request comes from; silence is refused."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


async def open_session(request: Request) -> Response:
    """Trade the one-time code in the body for the cookie, which no script can read."""
    if not same_origin(request):
        return Response(status_code=403)
    code = b""
    async for chunk in request.stream():
        code += chunk
        if len(code) > CODE_BYTES:
            return Response(status_code=413)
    token = await run_in_threadpool(get_studio().access.redeem, code.decode("ascii", "ignore"))
    if token is None:
        return Response(status_code=400)
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_DAYS * 24 * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure="https" in (request.url.scheme, urlsplit(settings.public_url).scheme),
    )
    drop_proof(request, answer)
    return answer


async def close_session(request: Request) -> Response:
    """Drop the cookie. The session itself was ended by the page."""
    if not same_origin(request):
        return Response(status_code=403)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    drop_proof(request, answer)
    return answer


async def metrics(request: Request) -> Response:
    """The house's metrics, for whoever has the token; without one in the settings there are none."""
    token = settings.metrics_token.get_secret_value()
    if not token:
        return Response(status_code=404)
    given = request.headers.get("authorization", "").partition("Bearer ")[2]
    if not hmac.compare_digest(given.encode(), token.encode()):
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    text = await run_in_threadpool(get_studio().metrics.text, Actor.operator())
    return Response(text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


def drop_proof(request: Request, answer: Response) -> None:
    """Have the browser forget what the provider said, so that signing out is the end of it."""
    for name in request.cookies:
        if name.startswith(PROOF):
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax")


def allowed_hosts(settings: Settings) -> list[str]:
    """The names under which the studio answers; any other is a foreign page that points its name at us."""
    return ["localhost", "127.0.0.1", urlsplit(settings.public_url).hostname or "localhost"]


def read_settings() -> Settings:
    """The settings, or the end of the process."""
    try:
        return load_settings()
    except StudioError as problem:
        end(problem)


def opened(settings: Settings) -> Studio:
    """The studio, or the end of the process."""
    try:
        studio = open_studio(settings)
        if link := studio.access.new_setup_link():
            print(f"\n  Setup link: {link}\n", flush=True)
        return studio
    except StudioError as problem:
        end(problem)


def end(problem: StudioError) -> NoReturn:
    """End the process with one sentence and its exit code; the server would print an exception as a traceback."""
    print(f"{problem.message} {problem.hint}".strip(), file=sys.stderr, flush=True)
    os._exit(problem.exit_code)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """The studio is open as long as the server runs."""
    studio = await run_in_threadpool(opened, settings)
    use_studio(studio)
    try:
        yield
    finally:
        use_studio(None)
        studio.close()


redaction.install()
logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
# `unexpected` logs what nobody caught, under the reference that the page shows; Streamlit would do so once more.
logging.getLogger("streamlit.error_util").addFilter(lambda record: record.msg != "Uncaught app execution")
settings = read_settings()

# Streamlit finds this line by reading it: the call has to stand here as it is.
app = st.App(
    "pages/shell.py",
    routes=[
        Route("/session", open_session, methods=["POST"]),
        Route("/session", close_session, methods=["DELETE"]),
        Route("/metrics", metrics, methods=["GET"]),
    ],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings)),
        Middleware(security_headers),
    ],
    lifespan=lifespan,
    on_script_error=unexpected,
)
