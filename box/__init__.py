"""A cloud in a box: AWS's API on this machine, with this repository's stack deployed to it.

The API is moto's server. What moto lacks is here: it runs the deployed functions under their own roles,
delivers what reaches topics and streams, fires the timer, and makes the resource types that moto's
CloudFormation skips.
See docs/box.md. It is a tool of the repository, no part of the package, and nothing of it is deployed.
"""
