"""The page's server: this machine alone, fixed routes, checked requests."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ceasefire.errors import ArgumentError, CeasefireError
from ceasefire.explore import page
from ceasefire.explore._worker import faults
from ceasefire.explore.solver import LIMIT_SECONDS, NotReady, Solver
from ceasefire.explore.state import changed, file_of, scenarios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ceasefire.truce import Scenario

LOOPBACK: Final = "127.0.0.1"
MOST_BYTES: Final = 32 * 1024  # of a request's body: all parameters take less than two
MOST_CHARACTERS: Final = 64  # of a name; also the most changes
READ_SECONDS: Final = 10.0  # that a client may take to send a whole request
MOST_CONNECTIONS: Final = 128  # that are being read at once; a browser opens six
MOST_DIGITS: Final = 15  # of a whole number that every reader of JSON keeps
MOST_CLIENTS: Final = 8  # pages that wait for the solver at once
Reply: TypeAlias = tuple[HTTPStatus, bytes, str]  # status, body, its kind
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Refused(Exception):  # noqa: N818  # an answer, told by its HTTP status
    """A request is not answered, and why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Explorer:
    """A running page: address, solver, and what it may be asked.

    Parameters
    ----------
    scenario : Scenario
        Shown first; the packaged ones can be chosen too.
    port : int
        0 for one that is free.
    limit_seconds : float
        After which a solve is ended.

    Raises
    ------
    ArgumentError
        The port is taken or not allowed.
    """

    def __init__(
        self, scenario: Scenario, *, port: int = 0, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        self.known = scenarios(scenario)
        self.files = page.files(scenario, self.known)
        self.busy: set[str] = set()
        self.turn = threading.Lock()
        explorer = self

        class Bound(Handler):
            """Handlers of this page."""

            page = explorer

        try:
            self.http = _Server((LOOPBACK, port), Bound)
        except (OSError, OverflowError) as error:
            hint = "leave --port out for any free one"
            raise ArgumentError("port", port, "a free port, 0 to 65535", hint) from error
        self.port = int(self.http.server_address[1])
        self.solver = Solver(limit_seconds)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser calls this server."""
        return frozenset({f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"})

    def run(self) -> None:
        """Answer until :meth:`close`."""
        self.http.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Stop answering and end the solver; after :meth:`run` has begun."""
        self.http.shutdown()
        self.http.server_close()
        self.solver.close()

    def __repr__(self) -> str:
        return f"Explorer({self.url})"


def serve(
    scenario: Scenario,
    *,
    port: int = 0,
    limit_seconds: float = LIMIT_SECONDS,
    started: Callable[[Explorer], None] | None = None,
) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    scenario : Scenario
        Shown first.
    port : int
        0 for one that is free.
    limit_seconds : float
        After which a solve is ended.
    started : callable, optional
        Called with the explorer once its address is known.

    Notes
    -----
    Bound to 127.0.0.1. Requests that name another host, come from another origin, are not JSON or
    are longer than 32 KiB are refused; no part of a request is used as a path of a file.
    """
    explorer = Explorer(scenario, port=port, limit_seconds=limit_seconds)
    try:
        if started is not None:
            started(explorer)
        explorer.run()
    except KeyboardInterrupt:
        pass
    finally:
        explorer.http.server_close()
        explorer.solver.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False
    request_queue_size = 64  # connections that wait to be taken
    read_seconds = READ_SECONDS

    def __init__(self, *args: Any) -> None:
        self.reading: dict[socket.socket, float] = {}  # until when a request may still arrive
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, unless too many are open that have said nothing whole."""
        if len(self.reading) < MOST_CONNECTIONS:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def service_actions(self) -> None:
        """Close what is too slow: a timeout of single reads does not see one byte at a time."""
        now = time.monotonic()
        for connection, until in list(self.reading.items()):
            if now > until:
                self.reading.pop(connection, None)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that have gone."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Fixed routes; everything that is not plainly one of them is refused."""

    page: Explorer
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = READ_SECONDS
    wbufsize = -1  # head and body in one packet: a second one would wait 40 ms for its turn
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Read and answer one request, within the time that reading may take."""
        self.server.reading[self.connection] = time.monotonic() + self.server.read_seconds
        try:
            super().handle_one_request()
        finally:
            self.server.reading.pop(self.connection, None)

    def do_GET(self) -> None:
        """Answer with a file of the page."""
        self._answer(self._file)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer a question about a scenario."""
        self._answer(self._solved)

    def _answer(self, made: Callable[[], Reply]) -> None:
        try:
            self._check_sender()
            self._send(*made())
        except Refused as told:
            self.close_connection = True  # a body that was not read must not be taken for a request
            self._tell(told.status, [{"path": "", "message": str(told)}])
        except NotReady:
            self._send(*_json(HTTPStatus.OK, {"starting": True}))
        except CeasefireError as error:  # an answer like another: browsers log a refusal as a fault
            self._tell(HTTPStatus.OK, faults(error))
        except (ConnectionError, TimeoutError):  # the page has gone
            self.close_connection = True
        except Exception as error:  # the page is told, and the server goes on
            fault = f"a fault of the program: {type(error).__name__}: {error}"
            self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, [{"path": "", "message": fault}])

    def _check_sender(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self.page.hosts:
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "this page answers its own address only")
        origins = self.headers.get_all("Origin", [])
        if any(origin.removeprefix("http://") not in self.page.hosts for origin in origins):
            raise Refused(HTTPStatus.FORBIDDEN, "asked from another page")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise Refused(HTTPStatus.FORBIDDEN, "asked from another page")

    def _file(self) -> Reply:
        found = self.page.files.get(self.path.partition("?")[0])
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "no such page")
        return HTTPStatus.OK, *found

    def _solved(self) -> Reply:
        if self.path != "/api/solve":
            raise Refused(HTTPStatus.NOT_FOUND, "no such page")
        asked = _checked(self._body())
        self.server.reading.pop(self.connection, None)  # read; solving has a limit of its own
        known = self.page.known
        with self._one_at_a_time(asked["client"]):
            scenario = changed(known, asked["scenario"], asked["changes"])
            if asked["what"] == "toml":
                return _json(HTTPStatus.OK, {"answer": file_of(known[asked["scenario"]], scenario)})
            told = self.page.solver.ask(asked["what"], scenario, asked["name"])
        return _json(HTTPStatus.OK, told)

    def _body(self) -> Any:
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/json is read, no other")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not lengths[0].isdecimal() or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing")
        if len(lengths[0]) > 9 or int(lengths[0]) > MOST_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BYTES} bytes")
        try:
            data = self.rfile.read(int(lengths[0]))
            return json.loads(data, parse_constant=_no_constant, parse_int=_whole)
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "not JSON") from None

    @contextmanager
    def _one_at_a_time(self, client: str) -> Iterator[None]:
        with self.page.turn:
            if client in self.page.busy:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "one solve at a time")
            if len(self.page.busy) >= MOST_CLIENTS:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many pages solve at once")
            self.page.busy.add(client)
        try:
            yield
        finally:
            with self.page.turn:
                self.page.busy.discard(client)

    def _tell(self, status: HTTPStatus, told: list[dict[str, str]]) -> None:
        self._send(*_json(status, {"faults": told}))

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the library refuses (a method, a malformed line) in the same words."""
        self.close_connection = True
        status = HTTPStatus(code)
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = "HTTP/1.1"
        self._tell(status, [{"path": "", "message": message or explain or status.phrase}])

    def version_string(self) -> str:
        """Name the server without versions."""
        return "ceasefire"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Say nothing: the terminal shows the address."""


def _checked(asked: Any) -> dict[str, Any]:
    """The question of a page, each part of the kind it must be."""
    kinds: dict[str, type] = {
        "client": str,
        "what": str,
        "scenario": str,
        "changes": dict,
        "name": str,
    }
    if not isinstance(asked, dict) or set(asked) - set(kinds):
        raise Refused(HTTPStatus.BAD_REQUEST, "an object with " + ", ".join(kinds))
    whole: dict[str, Any] = {"client": "", "name": "", "changes": {}} | asked
    for key, kind in kinds.items():
        value = whole.get(key)
        if not isinstance(value, kind) or len(whole[key]) > MOST_CHARACTERS:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{key} is missing, of another kind or too long")
    for value in whole["changes"].values():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise Refused(HTTPStatus.BAD_REQUEST, "a changed value is a number")
    return whole


def _whole(text: str) -> float:
    """A whole number; as elsewhere in JSON one of very many digits is a float."""
    return int(text) if len(text) <= MOST_DIGITS else float(text)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _json(status: HTTPStatus, told: dict[str, Any]) -> Reply:
    return status, json.dumps(told, allow_nan=False).encode(), "application/json"
