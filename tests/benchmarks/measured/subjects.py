"""What is measured, each as a function that sets it up and gives its call; the call gives the answer's status.

These run in a process of their own, on the packages of Lambda's runtime and of the layer as it was built. Nothing is
imported before it is used: importing is part of what is measured.
"""

import sys

REDIRECT_URI = "https://auth.example.com/callback"
AUTHORIZE_URL = "https://va.sentinel.liveperson.net/sentinel/api/account/le12345678/authorize"


class Context:
    """What Lambda tells a function of its invocation."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    @staticmethod
    def get_remaining_time_in_millis():
        return 120_000


def function(event, *paths):
    """One of ours; paths are its folder and the layer's."""
    sys.path[:0] = paths
    import app

    def call(event=event):
        answer = app.lambda_handler(event, Context)
        return answer.get("statusCode", 200)

    return call


def boto3_client(*_):
    """Nothing but a client of DynamoDB, which any function has that keeps something there."""
    import boto3

    boto3.client("dynamodb")
    return lambda: 200


def slack_bolt(event, *_):
    """Slack Bolt's OAuth on AWS Lambda: /slack/install, with its states in S3."""
    from slack_bolt import App
    from slack_bolt.adapter.aws_lambda import SlackRequestHandler
    from slack_bolt.adapter.aws_lambda.lambda_s3_oauth_flow import LambdaS3OAuthFlow

    handler = SlackRequestHandler(App(process_before_response=True, oauth_flow=LambdaS3OAuthFlow()))
    return lambda: handler.handle(event, Context)["statusCode"]


def authlib_requests(*_):
    """authlib's client on requests: the URL to redirect to, and nothing around it."""
    from authlib.integrations.requests_client import OAuth2Session

    def call():
        client = OAuth2Session("client", "secret", redirect_uri=REDIRECT_URI)
        url, _state = client.create_authorization_url(AUTHORIZE_URL)
        return 302 if url.startswith(AUTHORIZE_URL) else 500

    return call


def authlib_flask(*_):
    """authlib in Flask: the login route, state in Flask's signed session cookie."""
    from authlib.integrations.flask_client import OAuth
    from flask import Flask

    app = Flask("peer")
    app.secret_key = "k" * 32
    liveperson = OAuth(app).register(
        "liveperson", client_id="client", client_secret="secret", authorize_url=AUTHORIZE_URL
    )
    app.add_url_rule("/login", "login", lambda: liveperson.authorize_redirect(REDIRECT_URI))
    return lambda: app.test_client().get("/login").status_code


SUBJECTS = {
    "function": function,
    "boto3": boto3_client,
    "Slack Bolt": slack_bolt,
    "authlib": authlib_requests,
    "authlib, Flask": authlib_flask,
}
