import os
import signal
import threading

import pytest

from rnnauto.search.interrupt import deaf_to_hangups, interruptible, terminable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_flag_and_the_second_an_exception(number):
    before = signal.getsignal(number)
    with interruptible() as interruption:
        assert not interruption.asked
        os.kill(os.getpid(), number)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


@pytest.fixture
def with_a_terminal():
    """As if the tests had not been started by `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_goes_asks_for_an_end_however_often_it_says_so(with_a_terminal):
    with interruptible() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.asked
        os.kill(os.getpid(), signal.SIGHUP)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_elsewhere_other_signals_are_like_ctrl_c(with_a_terminal, number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), terminable():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_an_export_goes_on_when_the_terminal_goes(with_a_terminal):
    with terminable(), deaf_to_hangups():
        os.kill(os.getpid(), signal.SIGHUP)
        with interruptible() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interruption.asked
        os.kill(os.getpid(), signal.SIGHUP)


def test_what_nohup_started_hears_of_no_terminal(with_a_terminal):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with terminable(), deaf_to_hangups(), interruptible() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
    assert not interruption.asked
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_a_thread_that_may_not_handle_signals_searches_without():
    entered = []

    def work():
        with interruptible(), terminable():
            entered.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [signal.getsignal(signal.SIGTERM)]
