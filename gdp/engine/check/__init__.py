"""Says whether a repository is what it must be, and names what is not. Never changes anything in it."""

from gdp.engine.check.options import CheckOptions, CheckResult, parse_subset
from gdp.engine.check.pool import CheckWorkers, prepare_check
from gdp.engine.check.run import RepositoryCheck, check_repository

__all__ = ["CheckOptions", "CheckResult", "CheckWorkers", "RepositoryCheck", "check_repository", "parse_subset", "prepare_check"]
