"""What a film is signed with: the certificate and key that a person gave, or else ones made here, once, and kept.

A certificate made here shows that a file is as it was when it left this machine. It shows nobody's name, and no viewer
trusts it: for that, a certificate from an authority on C2PA's trust list is given by ``CUTROOM_CERTIFICATE`` and
``CUTROOM_KEY``. The self-made chain follows C2PA 2.2, section 14.5 (X.509): a leaf for e-mail protection and digital
signatures, and a CA above it whose key is thrown away as soon as it has signed the leaf.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cutroom.errors import Unavailable

CERTIFICATE, KEY = "CUTROOM_CERTIFICATE", "CUTROOM_KEY"
"""Environment variables: the PEM files of a chain of certificates (the signer's first) and of its private key."""

DATA = "CUTROOM_DATA"
"""Environment variable: the folder in which a self-made certificate is kept."""

YEARS = 10
FILE = "signing.pem"
ORGANISATION = "Cutroom, self-made on this machine"


@dataclass(frozen=True)
class Credentials:
    """What signs."""

    chain: str
    """Certificates as PEM, the signer's own first."""
    key: str
    """The private key as PEM (PKCS 8, unencrypted)."""
    algorithm: str
    """As C2PA names it: es256, es384, es512, ps256 or ed25519."""
    given: bool
    """True when a person gave them, False when they were made here."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's own."""
        return x509.load_pem_x509_certificate(self.chain.encode())

    def __repr__(self) -> str:
        return f"Credentials({self.algorithm}, {'given' if self.given else 'self-made'})"


def given() -> str | None:
    """The fingerprint (SHA-256) of the certificate that a person gave; None when none was. Raises Unavailable."""
    credentials = _given()
    return credentials.certificate.fingerprint(hashes.SHA256()).hex() if credentials else None


def credentials() -> Credentials:
    """What to sign with: given, kept from an earlier time, or made now.

    Where nothing can be kept (a read-only home), they are made anew every time. Raises Unavailable when those that a
    person gave cannot be used.
    """
    return _given() or _kept() or _keep(_made())


def serial() -> str | None:
    """The serial number of the certificate that this machine signs with; None while there is none, and nothing is made."""
    try:
        found = _given() or _kept()
    except Unavailable:
        return None
    return str(found.certificate.serial_number) if found else None


def folder() -> Path:
    """Where a self-made certificate is kept: ``CUTROOM_DATA``, else the user's own data folder."""
    if given := os.environ.get(DATA):
        return Path(given)
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cutroom"


def _given() -> Credentials | None:
    chain, key = os.environ.get(CERTIFICATE), os.environ.get(KEY)
    if not chain and not key:
        return None
    if not chain or not key:
        raise Unavailable(
            f"only one of {CERTIFICATE} and {KEY} is set; set both, or neither to sign with a self-made one"
        )
    try:
        return _read(Path(chain).read_text("utf-8"), Path(key).read_text("utf-8"), given=True)
    except (OSError, ValueError, TypeError) as error:
        way_out = "give PEM files of the chain and of its private key without a password"
        raise Unavailable(f"{CERTIFICATE}={chain}, {KEY}={key}: cannot be used to sign ({error}); {way_out}") from error


def _read(chain: str, key: str, *, given: bool) -> Credentials:
    """Raises ValueError when they do not belong together, or are of a kind that C2PA does not have."""
    private = serialization.load_pem_private_key(key.encode(), None)
    certificate = x509.load_pem_x509_certificate(chain.encode())
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ValueError("the key is not the certificate's")
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Credentials(chain, pem.decode(), _algorithm(private), given)


def _algorithm(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        found = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(key.curve.name)
        if found:
            return found
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise ValueError("the key is of a kind that C2PA does not have; it has ES256, ES384, ES512, PS256 and Ed25519")


def _kept() -> Credentials | None:
    """What was made at an earlier time, while it is valid."""
    try:
        text = (folder() / FILE).read_text("utf-8")
        key, mark, chain = text.partition("-----BEGIN CERTIFICATE-----")
        found = _read(mark + chain, key, given=False)
        return found if datetime.now(UTC) < found.certificate.not_valid_after_utc else None
    except (OSError, ValueError, TypeError, RuntimeError):
        # RuntimeError: there is no home. A file that cannot be read is written anew.
        return None


def _keep(made: Credentials) -> Credentials:
    """Kept for the next time, readable by nobody else; what another process kept meanwhile is left in peace."""
    with suppress(OSError, RuntimeError):
        place = folder()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes it 0600.
        handle, name = tempfile.mkstemp(prefix=".signing-", dir=place)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(made.key + made.chain)
            os.replace(name, place / FILE)
        finally:
            Path(name).unlink(missing_ok=True)
        return _kept() or made
    return made


def _made() -> Credentials:
    """A CA, a leaf, and the leaf's key; nothing in them tells whose machine this is."""
    above, below = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _certificate(_name("Cutroom self-made CA"), _name("Cutroom self-made CA"), above.public_key())
    authority = (
        issuer.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(above, hashes.SHA256())
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = (
        _certificate(_name("Cutroom self-made signer"), authority.subject, below.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
        .sign(above, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = below.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = leaf.public_bytes(pem) + authority.public_bytes(pem)
    return Credentials(chain.decode(), key.decode(), "es256", given=False)


def _certificate(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # A clock that is a little slow elsewhere must not find it to come from the future.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
