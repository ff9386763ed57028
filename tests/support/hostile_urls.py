"""Values by which a stranger would try to have our redirect lead elsewhere."""

from __future__ import annotations

from itertools import product

EVIL = "evil.example.net"

_SCHEMES = (
    "http:",
    "https:",
    "HTTPS:",
    "hTtp:",
    "ftp:",
    "ws:",
    "wss:",
    "file:",
    "blob:http:",
    "view-source:",
    "x:",
    "",
)
_SEPARATORS = (
    "",
    "/",
    "//",
    "///",
    "////",
    "\\",
    "\\\\",
    "/\\",
    "\\/",
    "//\\",
    "/\t/",
    "/\n/",
    "/\r/",
    "\t//",
    "/%2f",
    "/%5c",
)
_LEADS = (
    "\t",
    "\n",
    "\r",
    " ",
    "\x00",
    "\x01",
    "\x1f",
    "\x7f",
    "\x85",
    "\xa0",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\u00ad",
    "%09",
    "%20",
)
_DOTS = (
    "/./",
    "/../",
    "/..;/",
    "/%2e%2e/",
    "/.%2e/",
    "/a/..",
    "/;",
    "/:",
    "/@",
    "/~",
    "/&",
    "/=",
    "/,",
    "/*",
    "/'",
    "/(",
    "/!",
    "/$",
)

# Characters that IDNA or a careless normalization turns into one that means something.
_LOOK_ALIKES = {
    "/": ("\uff0f", "\u2044", "\u2215", "\u29f8", "\u0338"),
    "\\": ("\uff3c", "\u2216", "\ufe68"),
    ".": ("\u3002", "\uff0e", "\uff61", "\u2024"),
    ":": ("\uff1a", "\ufe55", "\u2236", "\ua789"),
    "@": ("\uff20", "\ufe6b"),
    "?": ("\uff1f",),
    "#": ("\uff03",),
}

_SCRIPTS = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "javascript://{host}/%0aalert(1)",
    "javascript:/*{base}/*/alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data://{host}/,x",
    "blob:{base}/0",
    "filesystem:{base}/temporary/x",
    "about:blank",
    "chrome://settings",
    "intent://{host}#Intent;scheme=http;end",
    "mailto:a@{evil}",
    "tel:0",
)

_USER_INFO = (
    "{scheme}://{host}@{evil}/",
    "{scheme}://{host}:80@{evil}/",
    "{scheme}://{host}:x@{evil}/",
    "{scheme}://{host}%40{evil}/",
    "{scheme}://{host}%00@{evil}/",
    "{scheme}://{host}%2f@{evil}/",
    "{scheme}://{host}\\@{evil}/",
    "{scheme}://{host}&@{evil}#@{host}/",
    "{scheme}://a@b@{evil}/",
    "{scheme}://@{evil}/",
    "{scheme}://:@{evil}/",
    "{scheme}://{evil}\\@{host}/",
    "{scheme}://{evil}\\.{host}/",
    "{scheme}://{evil}%2523@{host}/",
    "{scheme}://user:pass@{host}/",
    "{scheme}://{evil}@{host}/",
    "{scheme}://{evil}#@{host}/",
    "{scheme}://{evil}?@{host}/",
    "{scheme}://{evil};@{host}/",
    "{scheme}://{evil}/@{host}/",
)

_HOSTS = (
    "{scheme}://{host}.{evil}/",
    "{scheme}://{host}{evil}/",
    "{scheme}://{host}-{evil}/",
    "{scheme}://{host}_.{evil}/",
    "{scheme}://{evil}.{name}/",
    "{scheme}://x{host}/",
    "{scheme}://x.{host}/",
    "{scheme}://{name}./",
    "{scheme}://{name}..{evil}/",
    "{scheme}://{name}%2e{evil}/",
    "{scheme}://{name}%00.{evil}/",
    "{scheme}://{name}%0d%0a.{evil}/",
    "{scheme}://{name}\x00.{evil}/",
    "{scheme}://{name}\t.{evil}/",
    "{scheme}://{name};.{evil}/",
    "{scheme}://{name},.{evil}/",
    "{scheme}://[{evil}]/",
    "{scheme}://[::ffff:192.0.2.7]/",
    "{scheme}://192.0.2.7/",
    "{scheme}://3221225991/",
    "{scheme}://0xc0000207/",
    "{scheme}://0300.0.2.7/",
    "{scheme}://{evil}:80/",
    "{scheme}://{name}:1/",
    "{scheme}://{name}:0/",
    "{scheme}://{name}:65536/",
    "{scheme}://{name}:-1/",
    "{scheme}://{name}:/",
    "{scheme}://{name}:80x/",
    "{scheme}://{name}:{evil}/",
    "{other}://{host}/",
    "{scheme}:{host}",
    "{scheme}:/{host}",
    "{scheme}:///{host}",
    "{scheme}//{host}",
    "{scheme}://",
    "{scheme}:",
    "://{evil}",
    ":{evil}",
    "{scheme}:{evil}",
    "{scheme}:/{evil}",
    "{scheme};//{evil}",
    "{scheme}%3a//{evil}",
    "{scheme}://%{evil}/",
    "{scheme}://%65vil.example.net/",
    "{scheme}://\u0435vil.example.net/",
    "{scheme}://xn--vil-tlc.example.net/",
    "{scheme}://{evil}\u3002/",
    "{scheme}://\u24d4\u24e5\u24d8\u24db.example.net/",
    "{scheme}://evi\u0131.example.net/",
    "{scheme}://fa\u00df.example.net/",
    "{scheme}://\u2488example.net/",
    "{scheme}://{name}\u2100.{evil}/",
    "{evil}",
    "{evil}/{base}",
    "www.{evil}",
    "?{evil}",
    "#{evil}",
    ".",
    "..",
    "./",
    "../{evil}",
    "*",
    "~",
    "%",
    "a:b",
)

# What stays here although it looks as if it did not; launch may take these, and a browser must agree.
_PATHS = (
    "/{tail}",
    "/a{tail}",
    "/a//{evil}",
    "/a/..//{evil}",
    "/a/../..//{evil}",
    "/.//{evil}",
    "/..//{evil}",
    "/%2e/{evil}",
    "/%2f{evil}",
    "/%2F%2F{evil}",
    "/%5c{evil}",
    "/%5C%5C{evil}",
    "/%09/{evil}",
    "/%0d%0aLocation:%20http:%2f%2f{evil}",
    "/%0aSet-Cookie:x=y",
    "/%E2%80%A8//{evil}",
    "/%u2215{evil}",
    "/%252f%252f{evil}",
    "/%ff%fe",
    "/%",
    "/%%",
    "/?{scheme}://{evil}",
    "/#{scheme}://{evil}",
    "/?url=//{evil}",
    "/#@{evil}",
    "/?@{evil}",
    "/@{evil}/",
    "/:@{evil}/",
    "/:80/{evil}",
    "/[{evil}]",
    "/'+{evil}+'",
    "/;//{evil}",
    "/{scheme}://{evil}",
    "{base}",
    "{base}/",
    "{base}?{evil}",
    "{base}#{evil}",
    "{base}/{tail}",
    "{base}//{evil}",
    "{base}///{evil}",
    "{base}/..//{evil}",
    "{base}/@{evil}",
    "{base}?@{evil}",
    "{base}#@{evil}",
    "{base}/%5c@{evil}",
    "{base}/?{base}@{evil}",
)
_TAILS = (
    "",
    EVIL,
    f"/{EVIL}",
    f".{EVIL}",
    f"@{EVIL}",
    f":{EVIL}",
    f"?{EVIL}",
    f"#{EVIL}",
    f"%40{EVIL}",
    f"%2f{EVIL}",
    f";{EVIL}",
)


def hostile_urls(origin: str) -> list[str]:
    """Give the values, each once.

    Args:
        origin: one that is allowed, such as https://auth.example.com.
    """
    scheme, _, host = origin.partition("://")
    words = {
        "scheme": scheme,
        "other": "http" if scheme == "https" else "https",
        "host": host,
        "name": host.partition(":")[0],
        "base": origin,
        "evil": EVIL,
    }
    written = [text.format(**words, tail=tail) for text, tail in _written()]
    return list(dict.fromkeys([*written, *_made(origin, host)]))


def _written() -> list[tuple[str, str]]:
    once = [(text, "") for text in (*_SCRIPTS, *_USER_INFO, *_HOSTS, *_PATHS) if "{tail}" not in text]
    return [*once, *product([text for text in _PATHS if "{tail}" in text], _TAILS)]


def _made(origin: str, host: str) -> list[str]:
    targets = (EVIL, f"{host}@{EVIL}", f"{EVIL}/{host}")
    return [
        *("".join(parts) for parts in product(_SCHEMES, _SEPARATORS, targets)),
        *(f"{lead}{rest}" for lead, rest in product(_LEADS, (f"//{EVIL}", f"/{EVIL}", f"http://{EVIL}", origin))),
        *(f"/{lead}/{EVIL}" for lead in _LEADS),
        *(f"//{lead}{EVIL}" for lead in _LEADS),
        *(f"{origin}{lead}@{EVIL}/" for lead in _LEADS),
        *(f"{origin}{lead}.{EVIL}/" for lead in _LEADS),
        *(f"{dots}{rest}" for dots, rest in product(_DOTS, (EVIL, f"/{EVIL}", f"@{EVIL}"))),
        *_with_look_alikes(f"//{EVIL}/", f"{origin}@{EVIL}/", f"{origin}/{EVIL}?#", f"/\\{EVIL}"),
    ]


def _with_look_alikes(*values: str) -> list[str]:
    return [
        value.replace(character, other)
        for value in values
        for character, others in _LOOK_ALIKES.items()
        for other in others
        if character in value
    ]
