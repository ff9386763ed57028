"""The simulator's pages: the login form, and what went wrong."""

from html import escape

from local.simulator.users import DEFAULT_PASSWORD, User
from local.simulator.web import Answer

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 3rem auto; padding: 0 1rem; }
label { display: block; margin-top: 1rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { margin: 1.5rem .5rem 0 0; padding: .5rem 1rem; font: inherit; }
.wrong { border-left: .3rem solid #c33; padding-left: .7rem; }
small { display: block; margin-top: 2rem; }
"""


def login_page(*, account: str, client_id: str, users: list[User], wrong: bool) -> Answer:
    """Ask for user name and password; the form posts to its own address."""
    names = ", ".join(f"<b>{escape(user.name)}</b>" for user in users if user.password == DEFAULT_PASSWORD)
    problem = '<p class="wrong" role="alert">User name or password is wrong.</p>' if wrong else ""
    body = f"""
<h1>Sign in</h1>
<p>This is a simulator of LivePerson, not LivePerson. The application <code>{escape(client_id)}</code>
asks to act for you on account <code>{escape(account)}</code>.</p>
{problem}
<form method="post">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autofocus required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button name="action" value="sign-in">Sign in</button>
<button name="action" value="deny" formnovalidate>Deny</button>
</form>
<small>Users: {names}, or any number of 1 to 20 digits, which is then the user's id.
Password: <b>{escape(DEFAULT_PASSWORD)}</b></small>"""
    return _page(401 if wrong else 200, "Sign in", body)


def problem_page(status: int, error: str, description: str) -> Answer:
    body = f"<h1>This does not work</h1><p>{escape(description)}</p><p><code>{escape(error)}</code></p>"
    return _page(status, "This does not work", body)


def _page(status: int, title: str, body: str) -> Answer:
    text = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · LivePerson simulator</title><style>{_STYLE}</style></head><body>{body}
</body></html>
"""
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Answer(status=status, text=text, content_type="text/html; charset=utf-8", headers=headers)
