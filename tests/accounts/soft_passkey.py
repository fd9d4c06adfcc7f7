"""A passkey in software: its registration, and its answer to a challenge."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.models import User

ORIGIN = "http://localhost:8000"
_PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class SoftPasskey:
    """Of one user at one host."""

    user: User
    host: str = "localhost"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def registration(self, challenge: str = "") -> dict[str, Any]:
        """What the browser sends when the passkey is added."""
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        credential = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = self._data(AuthenticatorData.FLAG.AT, credential)
        attestation = AttestationObject.create("none", data, {})
        response = {"attestationObject": websafe_encode(attestation)}
        return self._message(_client_data("webauthn.create", challenge), response)

    def assertion(self, challenge: str, origin: str = ORIGIN) -> dict[str, Any]:
        """What the browser sends when the passkey is used."""
        client_data, data = _client_data("webauthn.get", challenge, origin), self._data()
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        handle = websafe_encode(user_pk_to_url_str(self.user).encode())
        response = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": handle,
        }
        return self._message(client_data, response)

    def _data(self, flags: int = 0, credential: Any = b"") -> AuthenticatorData:
        rp_hash = hashlib.sha256(self.host.encode()).digest()
        data: AuthenticatorData = AuthenticatorData.create(rp_hash, _PRESENT_AND_VERIFIED | flags, 0, credential)
        return data

    def _message(self, client_data: bytes, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": websafe_encode(client_data), **response},
        }


def _client_data(kind: str, challenge: str, origin: str = ORIGIN) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()
