"""Makes a bucket: make_bucket.py ENDPOINT BUCKET"""

import sys

import boto3
from botocore.config import Config

boto3.client(
    "s3",
    endpoint_url=sys.argv[1],
    aws_access_key_id="test",
    aws_secret_access_key="testtest",
    region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 10}),
).create_bucket(Bucket=sys.argv[2])
