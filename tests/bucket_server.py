"""Cloud Storage on this machine."""

import json
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import ports
import requests

# The bucket that every server has.
BUCKET = "mine"


class Server:
    """A server in a process of its own."""

    def __init__(self):
        port = ports.free()
        self.address = f"http://localhost:{port}"
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(port)], stderr=subprocess.DEVNULL
        )
        for _ in range(300):
            try:
                self.wipe()
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def wipe(self) -> None:
        """Removes all objects."""
        answer = requests.get(f"{self.address}/wipe?keep-buckets=true")
        answer.raise_for_status()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def objects(self) -> "Objects":
        return Objects(self.address, BUCKET)

    def put(self, folder: Path, name: str) -> None:
        """Makes objects of a folder's files."""
        objects = self.objects()
        for path in folder.rglob("*"):
            if path.is_file():
                key = f"{name}/{path.relative_to(folder)}"
                objects.put(key, path.read_bytes())


class Objects:
    """The objects of a bucket, by name."""

    def __init__(self, server: str, bucket: str):
        self._server, self._bucket = server, bucket
        self._session = requests.Session()

    def get(self, name: str) -> dict | None:
        """Returns what is known of an object, or None."""
        answer = self._ask("GET", self._path(name))
        return answer.json() if answer.ok else None

    def content(self, name: str) -> bytes:
        answer = self._ask("GET", f"{self._path(name)}?alt=media")
        answer.raise_for_status()
        return answer.content

    def put(self, name: str, content: bytes) -> str:
        """Writes an object and returns its generation."""
        head = f"--part\r\n\r\n{json.dumps({'name': name})}\r\n--part\r\n\r\n"
        answer = self._ask(
            "POST",
            f"/upload/storage/v1/b/{self._bucket}/o?uploadType=multipart",
            data=head.encode() + content + b"\r\n--part--\r\n",
            headers={"content-type": "multipart/related; boundary=part"},
        )
        answer.raise_for_status()
        return answer.json()["generation"]

    def delete(self, name: str) -> None:
        self._ask("DELETE", self._path(name)).raise_for_status()

    def copy(self, name: str, into: str) -> None:
        path = f"/b/{self._bucket}/o/{quote(into, safe='')}"
        answer = self._ask("POST", f"{self._path(name)}/copyTo{path}")
        answer.raise_for_status()

    def below(self, prefix: str, delimiter: str = "/") -> list[str]:
        """Returns the names that start with a prefix.

        Those with the delimiter further on are cut after it, once each.
        """
        path = f"/storage/v1/b/{self._bucket}/o?maxResults=10000"
        found = self._ask(
            "GET", f"{path}&prefix={quote(prefix)}&delimiter={delimiter}"
        ).json()
        items = [one["name"] for one in found.get("items", [])]
        return items + list(found.get("prefixes", []))

    def is_there(self) -> bool:
        """Returns whether the server has the bucket."""
        return self._ask("GET", f"/storage/v1/b/{self._bucket}").ok

    def _path(self, name: str) -> str:
        return f"/storage/v1/b/{self._bucket}/o/{quote(name, safe='')}"

    def _ask(self, method: str, path: str, **more) -> requests.Response:
        return self._session.request(method, f"{self._server}{path}", **more)


def main() -> None:
    """Serves at a port of this machine."""
    from gcp_storage_emulator import server
    from gcp_storage_emulator.handlers import objects

    plain = objects.download

    def download(request, response, storage) -> None:
        """Says of which generation it is, which TensorStore relies on."""
        plain(request, response, storage)
        if response.status != HTTPStatus.NOT_FOUND:
            names = (request.params[n] for n in ("bucket_name", "object_id"))
            known = storage.get_file_obj(*names)
            response["x-goog-generation"] = known["generation"]

    objects.download = download
    port = int(sys.argv[1])
    server.create_server("localhost", port, True, BUCKET).run()


if __name__ == "__main__":
    main()
