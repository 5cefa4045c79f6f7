"""A server that is like S3, of moto's: says its address when it listens, and the credentials of the one user that there is, whose signature
each request has to have. It ends with its input."""

import json
import os
import sys

# What follows makes so many requests; from then on, signatures are looked at.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"

import boto3
from moto.server import ThreadedMotoServer

sys.stdout, told = sys.stderr, sys.stdout
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://%s:%s" % server.get_host_and_port()


def client(service):
    keys = {"aws_access_key_id": "first", "aws_secret_access_key": "first"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


client("s3").create_bucket(Bucket="bucket")
iam = client("iam")
iam.create_user(UserName="user")
policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="user")["AccessKey"]
print(url, key["AccessKeyId"], key["SecretAccessKey"], file=told, flush=True)
sys.stdin.read()
server.stop()
