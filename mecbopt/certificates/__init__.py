"""Certificates: format, writer and checker."""

from mecbopt.certificates.check import CertifiedInterval, check_certificate

__all__ = ["CertifiedInterval", "check_certificate"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
