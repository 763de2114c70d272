"""MTProto's server side: key exchange and encrypted messages, over Telethon's own TL and crypto classes.

https://core.telegram.org/mtproto/auth_key and https://core.telegram.org/mtproto/description
"""

import os
import struct
import time
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from itertools import count
from pathlib import Path
from typing import Any

import rsa
from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto import rsa as telethon_rsa
from telethon.extensions import BinaryReader
from telethon.network.connection.tcpfull import FullPacketCodec
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types
from telethon.tl.core import RpcResult

KEY = rsa.PrivateKey.load_pkcs1((Path(__file__).parent / "test_only_key.pem").read_bytes())
PUBLIC_KEY: bytes = rsa.PublicKey(KEY.n, KEY.e).save_pkcs1()
"""What a client has to trust: `telethon.crypto.rsa.add_key(PUBLIC_KEY, old=False)`."""

_P, _Q = 1_229_739_323, 1_402_015_859
"""Any two primes; those of Telegram's own documentation."""
_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""The 2048-bit group of RFC 3526; Telethon only asks that g_a lies well inside."""
_FORGOTTEN = struct.pack("<i", -404)
"""In place of a message: the server knows no such key."""


@dataclass(frozen=True)
class Call:
    """A request that came in."""

    msg_id: int
    request: Any


@dataclass(eq=False)
class Link:
    """One connection. `keys` are the keys of all sessions, by their ids; key exchanges add to them."""

    reader: StreamReader
    writer: StreamWriter
    keys: dict[int, AuthKey]
    key: AuthKey | None = None
    session: int = 0
    listens: bool = False
    """Has asked for updates."""
    cut: bool = False
    """Break off in the middle of the next packet."""
    _codec: FullPacketCodec = field(default_factory=lambda: FullPacketCodec(None))
    _ids: Any = field(default_factory=lambda: count(1))
    _exchange: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether its client has not closed it, though what it sent before may not be read yet."""
        return not self.reader._eof and not self.writer.is_closing()

    async def calls(self) -> list[Call]:
        """The requests of the next packet; key exchanges are answered here."""
        packet = await self._codec.read_packet(self.reader)
        key_id = struct.unpack("<Q", packet[:8])[0]
        if key_id == 0:
            await self._plain(packet)
            return []
        self.key = self.keys.get(key_id)
        if self.key is None:
            await self._packet(_FORGOTTEN)
            return []
        msg_key = packet[8:24]
        data = AES.decrypt_ige(packet[24:], *MTProtoState._calc_key(self.key.key, msg_key, True))
        with BinaryReader(data) as reader:
            reader.read_long()
            self.session = reader.read_long()
            msg_id = reader.read_long()
            reader.read_int()
            reader.read_int()
            body = reader.tgread_object()
        return list(_unpacked(msg_id, body))

    async def result(self, msg_id: int, body: bytes) -> None:
        """Answer a request."""
        await self.send(struct.pack("<Iq", RpcResult.CONSTRUCTOR_ID, msg_id) + body)

    async def send(self, body: bytes) -> None:
        """Send a message of our own."""
        assert self.key is not None
        number = (int(time.time()) << 32) | (next(self._ids) << 4 & 0xFFFFFFFF) | 1
        data = struct.pack("<qqqii", 0, self.session, number, 1, len(body)) + body
        padding = os.urandom(-(len(data) + 12) % 16 + 12)
        msg_key = sha256(self.key.key[96:128] + data + padding).digest()[8:24]
        secret = AES.encrypt_ige(data + padding, *MTProtoState._calc_key(self.key.key, msg_key, False))
        await self._packet(struct.pack("<Q", self.key.key_id) + msg_key + secret)

    async def _packet(self, data: bytes) -> None:
        packet = self._codec.encode_packet(data)
        if self.cut:
            self.writer.write(packet[: len(packet) // 2])
            await self.writer.drain()
            raise EOFError
        self.writer.write(packet)
        await self.writer.drain()

    async def _plain(self, packet: bytes) -> None:
        with BinaryReader(packet[20:]) as reader:
            request = reader.tgread_object()
        steps = {
            functions.ReqPqMultiRequest: self._pq,
            functions.ReqDHParamsRequest: self._parameters,
            functions.SetClientDHParamsRequest: self._generated,
        }
        body = bytes(steps[type(request)](request))
        await self._packet(struct.pack("<qqi", 0, (int(time.time()) << 32) | 1, len(body)) + body)

    def _pq(self, request: Any) -> types.ResPQ:
        self._exchange = {"nonce": request.nonce, "server_nonce": int.from_bytes(os.urandom(16), "little", signed=True)}
        fingerprint = telethon_rsa._compute_fingerprint(KEY)
        return types.ResPQ(
            **self._exchange, pq=telethon_rsa.get_byte_array(_P * _Q), server_public_key_fingerprints=[fingerprint]
        )

    def _parameters(self, request: Any) -> types.ServerDHParamsOk:
        number = pow(int.from_bytes(request.encrypted_data, "big"), KEY.d, KEY.n)
        with BinaryReader(number.to_bytes(255, "big")[20:]) as reader:
            inner = reader.tgread_object()
        self._exchange |= {"new_nonce": inner.new_nonce, "a": int.from_bytes(os.urandom(256), "big")}
        answer = bytes(
            types.ServerDHInnerData(
                nonce=request.nonce,
                server_nonce=request.server_nonce,
                g=2,
                dh_prime=telethon_rsa.get_byte_array(_PRIME),
                g_a=telethon_rsa.get_byte_array(pow(2, self._exchange["a"], _PRIME)),
                server_time=int(time.time()),
            )
        )
        secret = AES.encrypt_ige(sha1(answer).digest() + answer, *self._temporary())
        return types.ServerDHParamsOk(request.nonce, request.server_nonce, secret)

    def _generated(self, request: Any) -> types.DhGenOk:
        with BinaryReader(AES.decrypt_ige(request.encrypted_data, *self._temporary())[20:]) as reader:
            inner = reader.tgread_object()
        shared = pow(int.from_bytes(inner.g_b, "big"), self._exchange["a"], _PRIME)
        key = AuthKey(telethon_rsa.get_byte_array(shared))
        self.keys[key.key_id] = key
        proof = key.calc_new_nonce_hash(self._exchange["new_nonce"], 1)
        return types.DhGenOk(request.nonce, request.server_nonce, proof)

    def _temporary(self) -> tuple[bytes, bytes]:
        key, vector = helpers.generate_key_data_from_nonce(self._exchange["server_nonce"], self._exchange["new_nonce"])
        return key, vector


def _unpacked(msg_id: int, body: Any) -> Any:
    """The requests in a message, out of containers, packing and wrappers."""
    messages = getattr(body, "messages", None)
    if type(body).__name__ == "MessageContainer" and messages is not None:
        for inner in messages:
            yield from _unpacked(inner.msg_id, inner.obj)
    elif type(body).__name__ == "GzipPacked":
        with BinaryReader(body.data) as reader:
            yield from _unpacked(msg_id, reader.tgread_object())
    else:
        yield Call(msg_id, body)
