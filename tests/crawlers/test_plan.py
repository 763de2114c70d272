import json
from typing import Any

from crawlers.base import Source
from crawlers.plan import Planned, source_rows
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkSettings
from tests.crawlers.script import MINUTES


def test_the_digest_changes_with_the_token_and_does_not_hold_it() -> None:
    collectors: dict[str, Any] = {"vk": VkCollector(None)}  # type: ignore[arg-type]

    def row(token: str) -> Any:
        source = Source("vk", VkSettings.model_validate({"wall": "-1", "token": token}), None, "UTC")
        return source_rows([Planned(source, "vk", MINUTES)], collectors)[0]

    assert row("secret-one") == row("secret-one")
    assert row("secret-one").settings_digest != row("secret-two").settings_digest
    assert "secret-one" not in json.dumps([row("secret-one").settings_digest, row("secret-one").slot])
