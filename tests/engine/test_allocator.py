"""The allocator's settings: taken where glibc is, left alone where somebody chose."""

import sys

import pytest

from trainwell.engine.allocator import keep_freed_memory


@pytest.mark.parametrize(
    "environment",
    [{"TRAINWELL_ALLOCATOR": ""}, {"GLIBC_TUNABLES": "x"}, {"MALLOC_ARENA_MAX": "2"}, {"LD_PRELOAD": "libjemalloc.so"}],
    ids=lambda one: next(iter(one)),
)
def test_what_somebody_chose_stays(environment):
    assert keep_freed_memory(environment) is False


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is the C library of Linux")
def test_on_linux_it_is_done_unless_there_is_no_glibc():
    import platform

    assert keep_freed_memory({}) is (platform.libc_ver()[0] == "glibc")


def test_elsewhere_nothing_is_touched(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory({}) is False
