"""Adapters of the Store port: where jobs, timeline and runs live."""
