from collections.abc import Callable

import pytest

from tests.store.conformance import CHECKS, Kit


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conforms(check: Callable[[Kit], None], kit: Kit) -> None:
    check(kit)
