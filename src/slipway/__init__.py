"""Slipway takes a FastAPI service from a folder to a verified service on AWS Fargate."""
