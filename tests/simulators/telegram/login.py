"""Logging in: codes that were sent, and the second factor with a real SRP check.

https://core.telegram.org/api/auth and https://core.telegram.org/api/srp
"""

import os
from dataclasses import dataclass, field
from typing import Any

from telethon import password as srp
from telethon.tl import functions, types

from tests.simulators.telegram import tl
from tests.simulators.telegram.methods import RpcFailure

_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC92513"
    "9543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC4988"
    "0708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4"
    "B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
"""Telegram's own, which clients know to be safe: to check any other takes them minutes."""
_G = 3


@dataclass
class Person:
    """Somebody who may log in."""

    phone: str
    code: str
    password: str | None = None
    expired: bool = False
    """The code came too late."""


@dataclass
class Logins:
    """What one server knows of the logins going on, by the ids of their keys."""

    people: list[Person] = field(default_factory=list)
    _asked: dict[int, Person] = field(default_factory=dict)
    _secrets: dict[int, int] = field(default_factory=dict)
    _salts: tuple[bytes, bytes] = field(default_factory=lambda: (os.urandom(16), os.urandom(16)))

    def answer(self, key: int, request: Any) -> tuple[Any, bool] | None:
        """The answer, and whether the key is logged in from now on; None for a request that has nothing to do with it.

        Raises:
            RpcFailure: it did not work out.
        """
        match request:
            case functions.auth.SendCodeRequest():
                return self._send(key, request.phone_number), False
            case functions.auth.SignInRequest():
                return self._sign_in(key, request), True
            case functions.account.GetPasswordRequest():
                return self._challenge(key), False
            case functions.auth.CheckPasswordRequest():
                return self._check(key, request.password), True
        return None

    def _send(self, key: int, phone: str) -> types.auth.SentCode:
        person = next((one for one in self.people if one.phone == phone.lstrip("+")), None)
        if person is None:
            raise RpcFailure(400, "PHONE_NUMBER_INVALID")
        self._asked[key] = person
        return types.auth.SentCode(types.auth.SentCodeTypeApp(len(person.code)), f"hash of {phone}")

    def _sign_in(self, key: int, request: Any) -> types.auth.Authorization:
        person = self._asked[key]
        if person.expired:
            raise RpcFailure(400, "PHONE_CODE_EXPIRED")
        if request.phone_code != person.code or request.phone_code_hash != f"hash of {person.phone}":
            raise RpcFailure(400, "PHONE_CODE_INVALID")
        if person.password is not None:
            raise RpcFailure(401, "SESSION_PASSWORD_NEEDED")
        return types.auth.Authorization(tl.ME)

    @property
    def _algorithm(self) -> Any:
        return types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            *self._salts, _G, _PRIME.to_bytes(256, "big")
        )

    def _verifier(self, key: int) -> int:
        password = self._asked[key].password
        assert password is not None
        return pow(_G, int.from_bytes(srp.compute_hash(self._algorithm, password), "big"), _PRIME)

    def _challenge(self, key: int) -> types.account.Password:
        b = self._secrets[key] = int.from_bytes(os.urandom(256), "big")
        k = int.from_bytes(srp.sha256(_PRIME.to_bytes(256, "big"), srp.big_num_for_hash(_G)), "big")
        g_b = (k * self._verifier(key) + pow(_G, b, _PRIME)) % _PRIME
        return types.account.Password(
            new_algo=self._algorithm,
            new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
            secure_random=b"",
            has_password=True,
            current_algo=self._algorithm,
            srp_B=srp.big_num_for_hash(g_b),
            srp_id=1,
        )

    def _check(self, key: int, given: types.InputCheckPasswordSRP) -> types.auth.Authorization:
        challenge_b = self._secrets.pop(key)
        k = int.from_bytes(srp.sha256(_PRIME.to_bytes(256, "big"), srp.big_num_for_hash(_G)), "big")
        verifier = self._verifier(key)
        g_b = srp.big_num_for_hash((k * verifier + pow(_G, challenge_b, _PRIME)) % _PRIME)
        u = int.from_bytes(srp.sha256(given.A, g_b), "big")
        shared = pow(int.from_bytes(given.A, "big") * pow(verifier, u, _PRIME), challenge_b, _PRIME)
        prime, generator = _PRIME.to_bytes(256, "big"), srp.big_num_for_hash(_G)
        proof = srp.sha256(
            srp.xor(srp.sha256(prime), srp.sha256(generator)),
            srp.sha256(self._salts[0]),
            srp.sha256(self._salts[1]),
            given.A,
            g_b,
            srp.sha256(srp.big_num_for_hash(shared)),
        )
        if proof != given.M1:
            raise RpcFailure(400, "PASSWORD_HASH_INVALID")
        return types.auth.Authorization(tl.ME)
