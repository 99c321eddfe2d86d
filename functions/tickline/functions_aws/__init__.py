"""Adapter of the Functions port: Lambda functions, made with boto3."""
