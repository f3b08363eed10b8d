"""An HTTP server on the loopback that can be told to misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What is served, how, and what was asked for.

    Attributes:
      files: content by path, with its leading slash.
      drops: the connection is cut after so many bytes of the next answers.
      statuses: answers of these statuses come first.
      ranges: whether ranges are honoured; `"wrong"` gives another part.
      tag: the ETag; empty: none.
      length: the Content-Length to tell; None: the right one, 0: none.
      asked: (path, Range header) of each request.
    """

    files: dict[str, bytes]
    drops: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool | str = True
    tag: str = '"one"'
    length: int | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    @contextmanager
    def running(self) -> Iterator["Server"]:
        httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(
            target=httpd.serve_forever, args=(0.01,), daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            httpd.shutdown()
            httpd.server_close()
            thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.asked.append((self.path, asked))
            if server.statuses:
                self._short(server.statuses.pop(0))
            elif self.path not in server.files:
                self._short(404)
            else:
                self._send(server.files[self.path], asked)

        def _short(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, content: bytes, asked: str | None) -> None:
            start = self._start(asked)
            if start >= len(content) > 0:
                self._short(416)
                return
            if start and server.ranges == "wrong":
                start -= 1
            body = content[start:]
            self.send_response(206 if start else 200)
            if start:
                end, whole = len(content) - 1, len(content)
                span = f"bytes {start}-{end}/{whole}"
                self.send_header("Content-Range", span)
            if server.tag:
                self.send_header("ETag", server.tag)
            if server.length != 0:
                told = server.length or len(body)
                self.send_header("Content-Length", str(told))
            self.send_header("Connection", "close")
            self.end_headers()
            if server.drops:
                body = body[: server.drops.pop(0)]
            self.wfile.write(body)
            self.close_connection = True

        def _start(self, asked: str | None) -> int:
            if not asked or not server.ranges:
                return 0
            if self.headers.get("If-Range") != server.tag:
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def log_message(self, *unused: object) -> None:
            pass

    return Handler
