"""Logger and metrics, alike in every function. No secret may reach either: types that hold one print as `***`."""

from __future__ import annotations

import traceback
from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from le_auth.errors import MisconfiguredError

if TYPE_CHECKING:
    from le_auth.errors import LeAuthError


@cache
def the_logger() -> Logger:
    return Logger()


@cache
def the_metrics() -> Metrics:
    return Metrics()


def log_error(message: str, error: LeAuthError, **fields: object) -> None:
    """Log one of our errors; its message is ours and holds no value.

    What an operator must act on is an error, the rest a warning.
    """
    level = the_logger().error if isinstance(error, MisconfiguredError) else the_logger().warning
    level(message, extra={"reason": error.reason, "detail": str(error), **fields})


def log_unexpected(error: BaseException) -> None:
    """Log a bug: its type and where it happened. Its text is left out, since it may quote a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    the_logger().error("unexpected error", extra={"error_type": type(error).__name__, "places": places})


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Count something: once in all, and once more by its dimensions where it has any."""
    metrics = the_metrics()
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    if dimensions:
        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=metrics.namespace) as metric:
            metric.add_dimension(name="service", value=metrics.service)
            for dimension, content in dimensions.items():
                metric.add_dimension(name=dimension, value=content)


def record_seconds(name: str, seconds: float) -> None:
    the_metrics().add_metric(name=name, unit=MetricUnit.Seconds, value=seconds)


def flush_metrics() -> None:
    """Write what was counted as one log line; nothing where nothing was."""
    metrics = the_metrics()
    if metrics.metric_set:
        metrics.flush_metrics()
