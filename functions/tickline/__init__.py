"""Tickline: a serverless scheduler of Lambda functions, tick and dispatch."""
