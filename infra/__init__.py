"""The deployment to AWS: a CDK app. It knows the package `tickline` by names and imports nothing of it."""
