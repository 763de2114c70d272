"""What goes wrong on the way: errors, cut and empty answers, dropped connections, pauses."""

import random
from collections import Counter

from tests.simulators.telegram import Fault as TelegramFault
from tests.simulators.telegram import TelegramSimulator
from tests.simulators.telegram.methods import RpcFailure
from tests.simulators.vk import VkSimulator
from tests.simulators.vk.methods import VkError
from tests.simulators.vk.server import Fault as VkFault

_VK = {
    "unknown error": VkFault(error=VkError(1, "Unknown error occurred")),
    "too many per second": VkFault(error=VkError(6, "Too many requests per second")),
    "internal error": VkFault(error=VkError(10, "Internal server error")),
    "HTTP 502": VkFault(status=502),
    "page instead of JSON": VkFault(body="<html>Вход</html>"),
    "cut answer": VkFault(cut=True),
}
_TELEGRAM = {
    "dropped connection": TelegramFault(drop=True),
    "internal error": TelegramFault(error=RpcFailure(500, "RPC_CALL_FAIL")),
    "flood wait": TelegramFault(error=RpcFailure(420, "FLOOD_WAIT_2")),
}


class Trouble:
    """Each `strike` is one fault for the next call of one of the two."""

    def __init__(self, vk: VkSimulator, telegram: TelegramSimulator, chance: random.Random) -> None:
        self._vk = vk
        self._telegram = telegram
        self._chance = chance
        self.done: Counter[str] = Counter()

    def strike(self) -> None:
        """One fault."""
        if self._chance.random() < 0.5:
            name = self._chance.choice(sorted(_VK))
            self._vk.faults.append(_VK[name])
            self.done[f"vk {name}"] += 1
        elif self._chance.random() < 0.3:
            self._telegram.drop()
            self.done["telegram all connections cut"] += 1
        else:
            name = self._chance.choice(sorted(_TELEGRAM))
            self._telegram.faults.append(_TELEGRAM[name])
            self.done[f"telegram {name}"] += 1

    def end(self) -> None:
        """Faults that nobody has met yet are taken back."""
        self._vk.faults.clear()
        self._telegram.faults.clear()
