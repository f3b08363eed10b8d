"""`launch_tpu.sh` with a `gcloud` that never leaves this machine."""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STUDY = "gin/studies/quickstart.gin"
WHERE = (
    *("--zone", "europe-west4-b"),
    *("--type", "v5litepod-16"),
    *("--bucket", "gs://bucket/study"),
)
# What `gcloud` answers without a network.
LOST = {"err": "ERROR: Unable to reach the server", "code": 1}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what is left of the slice."""

    code: int
    out: str
    err: str
    calls: list[str]
    state: str

    def count(self, pattern: str) -> int:
        """Returns how many calls hold a regular expression."""
        return sum(bool(re.search(pattern, call)) for call in self.calls)


@dataclass(frozen=True)
class Cloud:
    """A folder with a fake `gcloud`, and what is launched there."""

    folder: Path

    def plays(self, *rules: dict) -> None:
        """Says what is not as it should be (see `fake_gcloud`)."""
        (self.folder / "rules.json").write_text(json.dumps(rules))

    @property
    def state(self) -> str:
        return (self.folder / "state").read_text()

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [" ".join(json.loads(line)) for line in lines]

    def start(self, *arguments: str) -> subprocess.Popen:
        """Starts the script in a terminal of its own, so to speak."""
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "FAKE_GCLOUD": str(self.folder),
            "XLTRANSFER_LAUNCH_DIR": str(self.folder / "launched"),
            "XLTRANSFER_LAUNCH_POLL": "0",
        }
        return subprocess.Popen(
            [str(ROOT / "launch_tpu.sh"), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Below nohup a shell could not notice that its terminal went.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    def ended(self, process: subprocess.Popen) -> Ended:
        """Waits for an end; whatever it is, nothing is left unsaid."""
        out, err = process.communicate(timeout=120)
        found = Ended(process.returncode, out, err, self.calls, self.state)
        if found.state != "ABSENT" and "--dry-run" not in process.args:
            assert re.search(r"costs? (money|nothing)", out + err), err
            assert re.search("(delete|attach) [a-z]+", out + err), err
        if found.code != 0:
            assert re.search("(error|launch_tpu): .{12}", err), err
        return found

    def does(self, *arguments: str) -> Ended:
        """Runs a command to its end."""
        return self.ended(self.start(*arguments))

    def run(self, *options: str) -> Ended:
        """Runs the quickstart on a slice named `tiny`."""
        return self.does("run", "tiny", *WHERE, *options, "--", STUDY)
