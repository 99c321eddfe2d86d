"""Tickline: a serverless scheduler of Lambda functions, tick and dispatch."""

from tickline.registry import handler

__all__ = ["handler"]
