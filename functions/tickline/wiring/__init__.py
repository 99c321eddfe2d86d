"""The only place that picks adapters: one file for local mode, one for a deployment."""
