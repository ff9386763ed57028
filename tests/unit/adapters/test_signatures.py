from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from le_auth.adapters.signatures import read_public_key
from le_auth.errors import IdTokenError, SettingError

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PEM = pem_of(KEY)
check = read_public_key(PEM)


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(algorithm: str, subject: str = "1") -> str:
    header = {"alg": algorithm, "kid": "idtoken-19-08-19"}
    return f"{encode(json.dumps(header).encode())}.{encode(json.dumps({'sub': subject}).encode())}"


def signed(key: rsa.RSAPrivateKey = KEY, algorithm: str = "RS256") -> str:
    text = unsigned(algorithm)
    return f"{text}.{encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def test_a_token_that_livepersons_key_signed_is_accepted() -> None:
    check(signed())


def test_a_key_pasted_on_one_line_is_read() -> None:
    read_public_key(PEM.replace("\n", "\\n"))(signed())


def test_point_22_a_foreign_signature_is_refused() -> None:
    with pytest.raises(IdTokenError, match="signature"):
        check(signed(FOREIGN_KEY))


def test_point_22_altered_claims_are_refused() -> None:
    signature = signed().rpartition(".")[2]

    with pytest.raises(IdTokenError):
        check(f"{unsigned('RS256', subject='2')}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_point_22_an_unsigned_token_is_refused(algorithm: str) -> None:
    for signature in ("", encode(b"x")):
        with pytest.raises(IdTokenError):
            check(f"{unsigned(algorithm)}.{signature}")


def test_point_22_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    text = unsigned("HS256")
    code = hmac.HMAC(PEM.encode(), hashes.SHA256())
    code.update(text.encode())

    with pytest.raises(IdTokenError):
        check(f"{text}.{encode(code.finalize())}")


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "RS255"])
def test_point_22_another_algorithm_is_refused_even_with_the_right_key(algorithm: str) -> None:
    with pytest.raises(IdTokenError):
        check(signed(algorithm=algorithm))


@pytest.mark.parametrize(
    "id_token", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "e30.e30.e30", "W10.e30.e30", "bnVsbA.e30.x"]
)
def test_what_is_no_token_is_refused(id_token: str) -> None:
    with pytest.raises(IdTokenError):
        check(id_token)


PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
EC_PEM = pem_of(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    "pem", ["", "canary", PEM[:200], EC_PEM, PRIVATE_PEM], ids=["empty", "text", "cut", "EC", "private"]
)
def test_what_is_no_rsa_public_key_is_refused_by_name_and_not_quoted(pem: str) -> None:
    with pytest.raises(SettingError, match="ID_TOKEN_PUBLIC_KEY") as refused:
        read_public_key(pem)

    assert "canary" not in str(refused.value)
