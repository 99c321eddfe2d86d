"""https is trusted as far as its certificate, and is over at the deadline like http."""

import datetime as dt
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tickline.model import Failure, Result
from tickline.targets.http import HttpTarget
from unit.targets.peers import Peer, call, drips, response, says


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1's own, valid around now, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


def test_https_trusts_the_certificates_it_is_given_and_no_others(certificate: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    ours = ssl.create_default_context(cafile=str(certificate))

    with Peer(
        says(response(body=b"done")), wrap=lambda line: theirs.wrap_socket(line, server_side=True)
    ) as peer:
        address = f"https://localhost:{peer.port}/"
        trusted = HttpTarget(tls=ours).call(call(address))
        untrusted = HttpTarget().call(call(address))

    assert trusted == Result(summary="HTTP 200: done")
    assert untrusted.failure is Failure.NOT_STARTED
    assert len(peer.requests) == 1


def test_https_too_is_cut_at_the_deadline(certificate: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    ours = ssl.create_default_context(cafile=str(certificate))

    with Peer(
        drips(b"HTTP/1.1 200 OK\r\n"), wrap=lambda line: theirs.wrap_socket(line, server_side=True)
    ) as peer:
        result = HttpTarget(tls=ours).call(call(f"https://localhost:{peer.port}/", timeout=0.4))

    assert result.failure is Failure.UNKNOWN
    assert result.error.startswith("timed out after 0.4s, no answer")


def test_a_handshake_that_never_ends_means_not_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        result = HttpTarget().call(call(f"https://127.0.0.1:{port}/", timeout=0.2))

    error = f"timed out after 0.2s, not connected to 127.0.0.1:{port}"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)
