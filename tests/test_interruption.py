import os
import signal

import pytest

from xltransfer.interruption import Interrupted, Interruption


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT])
def number(request) -> int:
    return request.param


def test_a_signal_is_remembered_and_the_process_lives_on(number):
    with pytest.raises(Interrupted, match="step 3"), Interruption() as asked:
        asked.check("step 2")
        os.kill(os.getpid(), number)
        assert asked.requested
        asked.check("step 3")


def test_handlers_are_put_back(number):
    before = signal.getsignal(number)
    with Interruption():
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before


def test_a_signal_that_comes_too_late_inside_reaches_the_outside(number):
    with pytest.raises(Interrupted), Interruption() as outer:
        with Interruption():
            os.kill(os.getpid(), number)
        outer.check("after the phase")


def test_a_signal_that_was_heeded_is_not_sent_again(number):
    with pytest.raises(Interrupted), Interruption() as asked:
        os.kill(os.getpid(), number)
        asked.check("now")


def test_a_second_ctrl_c_stops_at_once():
    with pytest.raises(KeyboardInterrupt), Interruption() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.requested
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_sigterm_does_not_stop_the_saving():
    with pytest.raises(Interrupted), Interruption() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        asked.check("saved")


def test_ctrl_c_that_nobody_heeded_stops_python_as_ever(python_heeds_ctrl_c):
    with pytest.raises(KeyboardInterrupt), Interruption():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def python_heeds_ctrl_c():
    """A job in a shell's background starts with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
