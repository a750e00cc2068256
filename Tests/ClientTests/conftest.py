"""What the tests share."""

import sys

import pytest

from mounted import Mounted


@pytest.fixture(scope="module")
def mounted():
    server = Mounted()
    yield server
    server.close()


@pytest.fixture
def fresh(mounted):
    """The shared server without anything in it."""
    assert mounted.call("POST", "/api/v2/reset") == (200, True)
    return mounted


sys.dont_write_bytecode = True
