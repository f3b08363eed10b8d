"""Stands for `gcloud`: records calls, keeps one slice, plays a scenario.

In the folder that FAKE_GCLOUD names: `calls` (a JSON list a line), `state` (of
the slice, as the service calls it) and `rules.json`: what is not as it should
be. A rule has `when`, a regular expression on the arguments, and may have

    after    calls to leave alone first        out, err, code   what comes back
    times    calls to take then; else all      becomes          the new state
    hang     seconds to wait before it answers
"""

import json
import os
import re
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["FAKE_GCLOUD"])


def main(arguments: list[str]) -> int:
    line = " ".join(arguments)
    with (FOLDER / "calls").open("a") as file:
        file.write(json.dumps(arguments) + "\n")
    rule = _rule(line)
    if rule is None:
        return _as_it_should_be(line)
    # Before the wait: who waits for it knows that it has come here.
    if "becomes" in rule:
        (FOLDER / "state").write_text(rule["becomes"])
    time.sleep(rule.get("hang", 0))
    print(rule.get("out", ""))
    print(rule.get("err", ""), file=sys.stderr)
    return rule.get("code", 0)


def _rule(line: str) -> dict | None:
    """Returns the first rule that takes this call, and counts it."""
    path = FOLDER / "rules.json"
    rules = json.loads(path.read_text())
    for rule in rules:
        if re.search(rule["when"], line):
            rule["seen"] = rule.get("seen", 0) + 1
            turn = rule["seen"] - rule.get("after", 0)
            if 0 < turn <= rule.get("times", turn):
                path.write_text(json.dumps(rules))
                return rule
    path.write_text(json.dumps(rules))
    return None


def _as_it_should_be(line: str) -> int:
    state = FOLDER / "state"
    if "queued-resources create" in line:
        state.write_text("ACTIVE")
    elif state.read_text() == "ABSENT" and "compute tpus" in line:
        print("ERROR: NOT_FOUND: the slice was not found", file=sys.stderr)
        return 1
    elif "queued-resources delete" in line:
        state.write_text("ABSENT")
    elif "queued-resources describe" in line:
        print(state.read_text())
    elif "buckets describe" in line:
        print("True")
    elif "worker.sh follow" in line:
        print("step 1 of 2")
    elif "worker.sh state" in line:
        print("worker host-0 exit 0")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
