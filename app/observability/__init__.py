"""What an administrator sees of a running server: its log and its metrics."""

from app.observability.context_lines import ContextLines, collecting_lines
from app.observability.logs import set_up_logs
from app.observability.metrics import METRICS, Metrics, observe_all

__all__ = ["METRICS", "ContextLines", "Metrics", "collecting_lines", "observe_all", "set_up_logs"]
