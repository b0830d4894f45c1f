"""The restore drill: random files of a snapshot are restored to a temporary place and compared, so that restoring is proven."""

from gdp.engine.drill.compare import SourceState
from gdp.engine.drill.run import DrillOptions, DrillResult, drill

__all__ = ["DrillOptions", "DrillResult", "SourceState", "drill"]
