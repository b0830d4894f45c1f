"""Decides which snapshots to keep by a policy, exactly as restic does, and removes the others."""

from gdp.engine.forget.act import forget_snapshots
from gdp.engine.forget.plan import ForgetGroup, ForgetPlan, Kept, plan_forget
from gdp.model.retention import GroupKey, KeepPolicy, Span, parse_count, parse_group_by, parse_span

__all__ = [
    "ForgetGroup",
    "ForgetPlan",
    "GroupKey",
    "KeepPolicy",
    "Kept",
    "Span",
    "forget_snapshots",
    "parse_count",
    "parse_group_by",
    "parse_span",
    "plan_forget",
]
