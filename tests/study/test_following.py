"""What the first process of a worker says, and the others understand."""

import dataclasses
import json

import trivial

from xltransfer import hosts, phase, study
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.following import Follower


def test_others_load_the_phase_of_the_same_method(monkeypatch, tmp_path):
    frozen = study.Method(target={"optimizer.frozen": ("encoder",)})
    found = dataclasses.replace(
        trivial.load(), methods={"plain": study.Method(), "frozen": frozen}
    )
    place = trivial.place(found, tmp_path)
    orders, loaded = [], []
    monkeypatch.setattr(hosts, "tell", orders.append)
    monkeypatch.setattr(
        phase, "evaluations", lambda one, *_: loaded.append(one)
    )
    every = list(study.cells(found))
    for cell in every:
        CellEvaluations(cell, place)._model(6)
    told = iter([*(json.loads(json.dumps(one)) for one in orders), None])
    monkeypatch.setattr(hosts, "heard", lambda _: next(told))
    Follower([], every, place).follow()
    half = len(every)
    assert loaded[half:] == loaded[:half] == [cell.phase for cell in every]
    assert loaded[0] != loaded[half // 2]
