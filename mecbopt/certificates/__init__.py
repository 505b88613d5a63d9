"""Certificates: format, writer and checker."""

from mecbopt.certificates.check import CertifiedInterval, check_certificate

__all__ = ["CertifiedInterval", "check_certificate"]
