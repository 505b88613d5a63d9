"""Tests of the plain minimum entropy coupling."""
