"""Tests of the recovery sheet."""
