"""Tests of the restore drill."""
