"""Validation of SSH keys, without the SSH library, which is slow to load."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from shipmark.repositories.git.errors import RemoteProblem

_KINDS = (Ed25519PrivateKey, EllipticCurvePrivateKey, RSAPrivateKey)
_LOADERS = (load_ssh_private_key, load_pem_private_key)

UNUSABLE = (
    "The SSH key can't be used: it must be an unencrypted private key (Ed25519, ECDSA or RSA)."
)


def check(text: str) -> None:
    """Raise `RemoteProblem` unless the text is an unencrypted private key in OpenSSH's or PEM format."""
    content = text.strip().encode() + b"\n"
    for load in _LOADERS:
        try:
            result = load(content, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(result, _KINDS):
            return
    raise RemoteProblem(UNUSABLE, is_final=True)
