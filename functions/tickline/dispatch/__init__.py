"""Adapters of the Dispatcher port: how doorbells reach invoke."""
