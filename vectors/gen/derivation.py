#!/usr/bin/env python3
"""Writes vectors/derivation/*.json, or with --check compares them with what it would write. Needs nothing but Python 3.9 or later with OpenSSL; run it from anywhere.

Every expected value is computed here, with OpenSSL's scrypt and Python's Unicode tables, and checked against what the existing
implementations gave (vectors/peer/kdf.json) and against the reference values of docs/spec/DERIVATION.md.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

VECTORS = pathlib.Path(__file__).resolve().parent.parent
PEER = json.loads((VECTORS / "peer/kdf.json").read_text())
HOW = "vectors/gen/derivation.py"

# ---- the derivations, written a second time -----------------------------------------------------------------------------------


def nfkc(text):
    return unicodedata.normalize("NFKC", text).encode()


def scrypt(password, salt):
    return hashlib.scrypt(password, salt=salt, n=16384, r=8, p=1, dklen=64, maxmem=64 << 20)


def b64(data):
    return base64.b64encode(data).decode()


def labelled(label, *parts):
    return nfkc("|".join((label, *parts)))


def spelled(i):
    """The session id as it stands in the salt: lower-case hyphenated unless the vector asks for another spelling."""
    lower = i["sessionId"].lower() if "-" in i["sessionId"] else hyphenated(i["sessionId"])
    return {"lower-case": lower, "upper-case": lower.upper(), "s64": s64(lower), "as-given": i["sessionId"]}[
        i.get("spelling") or "lower-case"
    ]


def s64(hyphens):
    return b64(bytes.fromhex(hyphens.replace("-", ""))).replace("/", "%").rstrip("=")


def hyphenated(text):
    digits = base64.b64decode(text.replace("%", "/").rstrip("=") + "==").hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


USES = {
    "database-key": ("KDF-01", lambda i: b64(scrypt(nfkc(i["password"]), labelled("seald-db-encryption", i["appId"])))),
    "database-key-not-given": ("KDF-33", lambda i: b64(scrypt(b"", labelled("seald-db-encryption", i["appId"])))),
    "database-raw-key": ("KDF-02", lambda i: b64(base64.b64decode(i["rawKey"]))),
    "ssks-password-secret": (
        "KDF-03",
        lambda i: scrypt(nfkc(i["password"]), labelled("seald-ssks-secret", i["appId"], i["userId"])).hex(),
    ),
    "ssks-password-key": (
        "KDF-04",
        lambda i: b64(
            scrypt(
                nfkc(i["password"]),
                bytes.fromhex(i["salt"]) + labelled("seald-ssks-encryption", i["appId"], i["userId"]),
            )
        ),
    ),
    "two-man-rule-key": (
        "KDF-05",
        lambda i: b64(
            scrypt(
                nfkc(i["password"]),
                bytes.fromhex(i["salt"]) + labelled("seald-ssks-2mr-encryption", i["appId"], i["userId"]),
            )
        ),
    ),
    "sym-enc-key-secret": (
        "KDF-06",
        lambda i: b64(scrypt(nfkc(i["password"]), labelled("seald-SymEncKey-Secret", i["appId"], spelled(i)))),
    ),
    "sym-enc-key-key": (
        "KDF-07",
        lambda i: b64(scrypt(nfkc(i["password"]), labelled("seald-SymEncKey-SymKey", i["appId"], spelled(i)))),
    ),
    "group-self-add-message-key": (
        "KDF-08",
        lambda i: b64(scrypt(nfkc(i["password"]), labelled("seald-GroupSelfAdd-GroupSymKey", i["appId"]))),
    ),
    "group-self-add-secret": (
        "KDF-09",
        lambda i: b64(
            scrypt(
                nfkc(i["password"]),
                labelled("seald-GroupSelfAdd-GroupSelfAddSecret", i["appId"], s64(i["groupId"])),
            )
        ),
    ),
    "user-license-token": (
        "KDF-10",
        lambda i: scrypt(f'{i["userId"]}@{i["appId"]}-{i["validationKey"]}'.encode(), i["nonce"].encode()).hex(),
    ),
    "pre-validation-token": (
        "KDF-11",
        lambda i: scrypt(nfkc(f'{i["connectorValue"]}-{i["validationKey"]}'), nfkc(i["nonce"])).hex(),
    ),
}

# ---- vectors/derivation/uses.json ---------------------------------------------------------------------------------------------

uses = []


def use(comment, i, expected=None, error=None, rule=None, flags=()):
    """One vector; `expected` is what another implementation gave and must be what comes out here."""
    use_rule, compute = USES[i["use"]]
    test = {"id": f"derive-{len(uses) + 1:03}", "rule": rule or use_rule, "comment": comment, "in": i}
    if error:
        test |= {"result": "invalid", "error": error}
    else:
        out = compute(i)
        assert expected in (None, out), (comment, expected, out)
        test |= {"result": "valid", "out": out}
    uses.append(test | {"flags": list(flags)})


APP = "00000000-0000-4000-8000-000000000001"
USER = "user-1"
PASSWORD = "pas\u0308\ufb01"
SESSION = "5a221722-36c4-41ee-be56-0242ac120002"
SALT = bytes(range(32)).hex()
KEY_ID = "fedcba98-7654-4321-8765-0123456789ab"
PRE_NONCE = "b5557b5d0e45cda18cb6de942f45d7e594a9bf0f9241133fad7f0f34d32f57a9"
RAW = b64(bytes(range(64)))


def from_hex(digits):
    return b64(bytes.fromhex(digits))


REFERENCE = [
    ({"use": "database-key", "password": PASSWORD, "appId": APP},
     "srkO0oXHmFi+sewgoqOLLXgZE3+P5Y+bgZcc8xT8PwZ/QniYC1hW0hs/zyWffVlCL00j2Mgl7zxV9Dc07BNXVg=="),
    ({"use": "database-key-not-given", "appId": APP},
     "f7+BIrPMKKuqTCAVCN3BtTjIH3/PR66blwBRAebeFeYNqDWdRqMmeAfe3Rm7TMfWXvmJ/Sk69YWePUeX0K4Obw=="),
    ({"use": "database-raw-key", "rawKey": RAW}, RAW),
    ({"use": "ssks-password-secret", "password": PASSWORD, "appId": APP, "userId": USER},
     "20e56b3d657155cf73e2a409a34a1931ddb1419a322d4e9c85dd3a953481998b"
     "50ff71b3a621861367f8f9faf17d0fa852444c48a990fa94aad67d6324d648ce"),
    ({"use": "ssks-password-key", "password": PASSWORD, "appId": APP, "userId": USER, "salt": SALT},
     from_hex("ec759c4fcd413fc722b137c11887794328aa29b2d9f69f1cad887bb23171f986"
              "654f462c06e8eaa5145c68d63e9e6fd745e00d41d208a19ca3f0f4caefb0f92b")),
    ({"use": "two-man-rule-key", "password": PASSWORD, "appId": APP, "userId": USER, "salt": SALT},
     from_hex("40a114b9994ff2de4e652dccb84d14dc7d1af62572b3d92a6f6ea97291fcbfaa"
              "42ed93b3df645f8889a8d49a8f971f23916119053da18e1293636459e598d591")),
    ({"use": "sym-enc-key-secret", "password": PASSWORD, "appId": APP, "sessionId": SESSION},
     "PSU/gPtVPi7ku6ZEOSRKbbAy540Zb7lkdwe2wb6wtm2fiGkEt2iH2VoYEztNbHFkqmKEIRvsB+v7LQx2HGpxHA=="),
    ({"use": "sym-enc-key-key", "password": PASSWORD, "appId": APP, "sessionId": SESSION},
     "iDb4aiaaI24hijOD0+akESH83etVKt0M3j6LVxj8rT+umCoqaZGnXTffPoua9Z6v6u5QHZLVVyrG3GVyBKuuSg=="),
    ({"use": "group-self-add-message-key", "password": PASSWORD, "appId": APP},
     "jECCDmFzDJ3wLKxnAx1fgKuXAiYiAWX0he1YOhiCLJLHEAInhSvmzUsek7E5pBFfkU5VByZixQYOGiNA1jR96Q=="),
    ({"use": "group-self-add-secret", "password": PASSWORD, "appId": APP, "groupId": SESSION},
     "5I/xG3QK1SyrWsUm7LO8aPWtQk4IhK0ouK1+HDymV6kr7/VdGwbiM7nO9hehrrrKSF6tbZ+gY3qDXcmTldmnOQ=="),
    ({"use": "user-license-token", "userId": USER, "appId": APP, "validationKey": "valkey", "validationKeyId": KEY_ID,
      "nonce": "0" * 64},
     "19de242958d66f9f7d25cb2b61785486a58a2d9acb04a80486a9745ad01e846c"
     "d20cfc28babbf70c1697f8d50756c8b45ec39aa4aeb835804ea2127ae2e3fe6e"),
    ({"use": "pre-validation-token", "connectorValue": "user-1@12345678-1234-4abc-8def-1234567890ab",
      "validationKey": "validation-key", "validationKeyId": KEY_ID, "nonce": PRE_NONCE},
     "c676137505ef80e0470e1522f64b961d60e5cf9c2d96ae4b92f2e3a234f2f23b"
     "1e37d3a9bf7ae1f15d8c53982d89a12c00a1d824de155c47deef3531f058ce65"),
]

for inputs, expected in REFERENCE:
    use("reference value", inputs, expected)

PEER_USES = {
    "database-key": "database-key",
    "database-key-none": "database-key-not-given",
    "ssks-password-secret": "ssks-password-secret",
    "ssks-password-key": "ssks-password-key",
    "ssks-2mr-key (legacy twoManRuleKey)": "two-man-rule-key",
    "symenckey-secret": "sym-enc-key-secret",
    "symenckey-symkey": "sym-enc-key-key",
    "group-selfadd-groupsymkey": "group-self-add-message-key",
    "group-selfadd-secret": "group-self-add-secret",
    "user-license-token": "user-license-token",
    "pre-validation-token": "pre-validation-token",
}


def from_peer(v):
    """A derivation of the existing implementations in our shape, with its result."""
    kind = PEER_USES[v["kind"]]
    i = {"use": kind}
    for name in ("password", "databaseKey", "twoManRuleKey", "selfAddPassword"):
        if name in v:
            i["password"] = v[name]
    if kind != "pre-validation-token":
        i["appId"] = PEER["appId"]
    for ours, theirs in (("userId", "userId"), ("sessionId", "sessionId"), ("salt", "salt32"),
                         ("validationKey", "validationKey"), ("validationKeyId", "validationKeyId"), ("nonce", "nonce")):
        if theirs in v:
            i[ours] = v[theirs]
    if kind == "group-self-add-secret":
        assert v["groupIdAsUsedBySdk"] == PEER["groupIdB64"]
        i["groupId"] = PEER["groupId"]
    if kind == "sym-enc-key-secret" and "-" not in v["sessionId"]:
        i["spelling"] = "as-given"
    if kind == "user-license-token":
        return i, v["result"].split(":")[2]
    if kind == "pre-validation-token":
        i |= {"connectorValue": v["connectorValue"], "validationKey": v["domainValidationKey"],
              "validationKeyId": v["token"]["domain_validation_key_id"], "nonce": v["token"]["nonce"]}
        return i, v["token"]["token"]
    return i, v["result"]


for vector in PEER["vectors"]:
    inputs, expected = from_peer(vector)
    assert USES[inputs["use"]][1](inputs) == expected, vector
    if inputs.get("password") == "":
        use(f'peer: {vector["name"]}', inputs, error="empty-password", rule="KDF-34", flags=["EmptyPassword"])
    elif inputs.get("validationKey") == "":
        use("peer: empty user id and validation key", inputs, error="bad-value", flags=["EmptyText"])
    else:
        spelling = ["OtherSpelling"] if "spelling" in inputs else []
        use(f'peer: {vector["name"]}', inputs, expected, flags=spelling)

BASE = {inputs["use"]: inputs for inputs, _ in REFERENCE}


def changed(kind, **fields):
    return BASE[kind] | fields


for kind in BASE:
    if "password" in BASE[kind]:
        use("empty password", changed(kind, password=""), error="empty-password", flags=["EmptyPassword"])
        use("a space is a password", changed(kind, password=" "))
        use("case counts", changed(kind, password=PASSWORD.upper()))
        use("white space around it counts", changed(kind, password=f" {PASSWORD}\n"), rule="KDF-21")
    if "appId" in BASE[kind]:
        use("empty application id", changed(kind, appId=""), error="bad-value", flags=["EmptyText"])
        use("the application id goes in as spelled", changed(kind, appId=APP.replace("-", "").upper() + "\ufb01"), rule="KDF-22")
    if "userId" in BASE[kind]:
        use("empty user id", changed(kind, userId=""), error="bad-value", flags=["EmptyText"])
        use("user id of 1025 bytes", changed(kind, userId="u" * 1025), error="bad-value", flags=["TooLong"])
        use("user id with compatibility characters", changed(kind, userId="\uff21li\u0301ce|\u2168"), rule="KDF-22")
    if "nonce" in BASE[kind]:
        for comment, nonce in (("nonce of 63 digits", "0" * 63), ("nonce of 65 digits", "0" * 65), ("nonce in upper case", "A" * 64)):
            use(comment, changed(kind, nonce=nonce), error="bad-value")
        use("empty validation key", changed(kind, validationKey=""), error="bad-value", flags=["EmptyText"])
        use("validation key with compatibility characters", changed(kind, validationKey="ke\u0301y \ufb01"), rule="KDF-35")

for kind in ("sym-enc-key-secret", "sym-enc-key-key"):
    use("upper-case session id, derived in lower case", changed(kind, sessionId=SESSION.upper()), rule="KDF-30")
    use("S64 session id, derived hyphenated", changed(kind, sessionId=s64(SESSION)), rule="KDF-30")
    for spelling in ("lower-case", "upper-case", "s64"):
        use(f"derived in the spelling {spelling}", changed(kind, spelling=spelling), rule="KDF-30", flags=["OtherSpelling"])
    mixed = SESSION[:8].upper() + SESSION[8:]
    use("derived as given, mixed case", changed(kind, sessionId=mixed, spelling="as-given"), rule="KDF-30", flags=["OtherSpelling"])

for comment, length in (("63 bytes", 63), ("65 bytes", 65), ("32 bytes", 32), ("no bytes", 0)):
    use(f"raw key of {comment}", {"use": "database-raw-key", "rawKey": b64(bytes(length))}, error="bad-value")
use("raw key with a line break after it", {"use": "database-raw-key", "rawKey": RAW + "\n"}, RAW)
use("both texts as long as they may be",
    {"use": "ssks-password-secret", "password": "p" * 65536, "appId": "a" * 1024, "userId": "u" * 1024}, rule="VAL-12")
use("password of 65537 bytes", changed("database-key", password="p" * 65537), error="bad-value", rule="VAL-12", flags=["TooLong"])
use("application id of 1025 bytes", changed("database-key", appId="a" * 1025), error="bad-value", rule="VAL-12", flags=["TooLong"])
use("no key is not the same as an empty one", {"use": "database-key-not-given", "appId": PEER["appId"]}, rule="KDF-34")

# ---- vectors/derivation/normalisation.json ------------------------------------------------------------------------------------

normalisation = []


def normalise(comment, text, normal, same=True, flags=()):
    """One vector: whether `normal` is what `text` becomes."""
    number = f"normalise-{len(normalisation) + 1:03}"
    if text == "":
        verdict = {"rule": "KDF-34", "result": "invalid", "error": "empty-password"}
    else:
        assert (nfkc(text) == normal) == same and nfkc(normal.decode()) == normal, comment
        verdict = {"rule": "KDF-21", "result": "valid", "out": same}
    normalisation.append({"id": number, "comment": comment, "in": {"text": text, "utf8": normal.hex()}, "flags": list(flags)} | verdict)


for case in PEER["normalization"]:
    digest = hashlib.sha256(nfkc(case["password"])).hexdigest()
    assert digest == case["nfkcSha256"] and nfkc(case["password"]).hex() == case.get("nfkcUtf8", nfkc(case["password"]).hex()), case
    normalise(case["name"], case["password"], nfkc(case["password"]), flags=["EmptyPassword"] if case["password"] == "" else [])
for comment, text, other in (
    ("case counts", PASSWORD, nfkc(PASSWORD).upper()),
    ("a space before it counts", f" {PASSWORD}", nfkc(PASSWORD)),
    ("a space after it counts", f"{PASSWORD} ", nfkc(PASSWORD)),
    ("a line break after it counts", f"{PASSWORD}\n", nfkc(PASSWORD)),
    ("a soft hyphen stays", "pass\u00adword", b"password"),
    ("a joiner stays", "pass\u200dword", b"password"),
    ("NUL stays", "pass\0word", b"pass"),
    ("an accent counts", "p\u00e4ss", b"pass"),
    ("a sharp s stays", "stra\u00dfe", b"strasse"),
    ("a dotless i stays", "p\u0131n", b"pin"),
):
    normalise(comment, text, other, same=False, flags=["OtherText"])

# ---- vectors/derivation/values.json -------------------------------------------------------------------------------------------

values = []


def value(rule, kind, mode, text, comment, out=None, flags=()):
    """One vector; `out` is the text that the value is written as, None for a refusal."""
    test = {"id": f"value-{len(values) + 1:03}", "rule": rule, "comment": comment,
            "in": {"value": kind, "mode": mode, "text": text}}
    test |= {"result": "invalid", "error": "bad-value"} if out is None else {"result": "valid", "out": out}
    values.append(test | {"flags": list(flags)})


def both(rule, kind, text, comment, read=None, write=None, flags=()):
    value(rule, kind, "read", text, comment, read, flags)
    value(rule, kind, "write", text, comment, write, flags)


FB = b64(bytes([0xFB] * 64))
for rule, kind in (("VAL-01", "raw-key"), ("VAL-05", "raw-sym-key")):
    both(rule, kind, RAW, "64 bytes", RAW, RAW)
    both(rule, kind, FB, "64 bytes with + and /", FB, FB)
    both(rule, kind, FB.replace("+", "-").replace("/", "_"), "base64url", FB)
    both(rule, kind, RAW[:-2], "without padding", RAW)
    both(rule, kind, f"{RAW[:40]}\r\n{RAW[40:]}\n", "line breaks", RAW)
    assert RAW.endswith("w==")
    both(rule, kind, RAW[:85] + "x==", "spare bits set", RAW, RAW)
    both(rule, kind, f"{RAW}!", "a foreign character")
    both(rule, kind, "", "no text")
    both(rule, kind, b64(bytes(63)), "63 bytes")
    both(rule, kind, b64(bytes(65)), "65 bytes")
    for size in (32, 48):
        text = b64(bytes(range(size)))
        if kind == "raw-key":
            both(rule, kind, text, f"{size} bytes")
        else:
            value(rule, kind, "read", text, f"{size} bytes: read", text, ["ReadNotWritten"])
            value(rule, kind, "write", text, f"{size} bytes: not written", None, ["ReadNotWritten"])
            both(rule, kind, text.rstrip("=") + "==", f"{size} bytes, padded as 64 are", text, None, ["ReadNotWritten"])

both("VAL-02", "raw-storage-key", "A-z_0@9.+/=", "every kind of character", "A-z_0@9.+/=", "A-z_0@9.+/=")
both("VAL-02", "raw-storage-key", "k" * 256, "256 characters", "k" * 256, "k" * 256)
for loose, comment in (("k" * 257, "257 characters"), ("k" * 1024, "1024 characters"), ("a b", "a space"), ("a\n", "a line break"),
                       ("<>?[]^", "the range =-_ of the unanchored pattern"), ("caf\u00e9", "a letter beyond ASCII")):
    both("VAL-02", "raw-storage-key", loose, comment, loose, None, ["ReadNotWritten"])
both("VAL-02", "raw-storage-key", "", "no text")
both("VAL-02", "raw-storage-key", "k" * 1025, "1025 characters")

both("VAL-03", "user-id", "u" * 64, "64 characters", "u" * 64, "u" * 64)
both("VAL-03", "user-id", "us\u00e9r@ex\u00e4mple.com", "beyond ASCII", "us\u00e9r@ex\u00e4mple.com", "us\u00e9r@ex\u00e4mple.com")
both("VAL-03", "user-id", "\U0001f44b" * 32, "32 emoji are 64 UTF-16 units", "\U0001f44b" * 32, "\U0001f44b" * 32)
both("VAL-03", "user-id", "\U0001f44b" * 33, "33 emoji are 66 UTF-16 units", "\U0001f44b" * 33, None, ["ReadNotWritten"])
both("VAL-03", "user-id", "u" * 65, "65 characters", "u" * 65, None, ["ReadNotWritten"])
both("VAL-03", "user-id", "", "no text")
both("VAL-03", "user-id", "u" * 1025, "1025 bytes")


def same(rule, kind, text, comment, out=None):
    """A value that is read and written alike."""
    value(rule, kind, "write", text, comment, out)


same("VAL-04", "raw-secret", "s", "one character", "s")
same("VAL-04", "raw-secret", " any \u00e9\n", "any text, kept as it is", " any \u00e9\n")
same("VAL-04", "raw-secret", "s" * 1024, "1024 bytes", "s" * 1024)
same("VAL-04", "raw-secret", "", "no text")
same("VAL-04", "raw-secret", "s" * 1025, "1025 bytes")
same("VAL-04", "raw-secret", "\u00e9" * 513, "1026 bytes in 513 characters")

same("VAL-07", "auth-factor-email", "a@b.c", "short", "a@b.c")
same("VAL-07", "auth-factor-email", "Zoe.O'Neil+Tag@Mail.Example.COM", "turned to lower case", "zoe.o'neil+tag@mail.example.com")
for text, comment in (("", "no text"), ("a", "no @"), ("@b.c", "nothing before @"), ("a@", "nothing after @"), ("a@b@c", "two @"),
                      ("a@b..c", "empty label"), ("a@-b.c", "hyphen first"), (" a@b.c", "space before"), ("a@b.c\n", "line break after"),
                      ("\u00e9@b.c", "beyond ASCII"), ("a" * 1021 + "@b.c", "1025 characters")):
    same("VAL-07", "auth-factor-email", text, comment)
same("VAL-07", "auth-factor-sms", "+33612345678", "international form", "+33612345678")
for text, comment in (("", "no text"), ("+", "no digit"), ("0612345678", "national form"), ("+33 6", "a space"), ("+33\n", "line break after"),
                      ("+\u0663", "a digit of another script")):
    same("VAL-07", "auth-factor-sms", text, comment)

for text in ("abcdefgh", "jkmnpqrs", "tuvwxyz2", "23456789"):
    same("VAL-08", "challenge", text, "allowed characters", text)
for text, comment in (("abcdefg", "seven"), ("abcdefghj", "nine"), ("Abcdefgh", "upper case"), ("abcdefg\n", "line break"), ("", "no text"),
                      *((f"abcdefg{c}", f"the character {c}") for c in "ilo01")):
    same("VAL-08", "challenge", text, comment)

TOKENS = [v["result"] for v in PEER["vectors"] if v["kind"] == "user-license-token"]
PATTERN = re.compile(PEER["licenseTokenRegex"].replace("(?<", "(?P<").removesuffix("$") + r"\Z")
GOOD = TOKENS[0]
LICENSE = [(token, "peer") for token in TOKENS] + [
    (GOOD.upper(), "upper case"), (GOOD + "\n", "line break after"), (" " + GOOD, "space before"), (GOOD[:-1], "proof too short"),
    (GOOD + "0", "proof too long"), (GOOD[:-1] + "g", "no hexadecimal digit"), (GOOD.replace(":", ";"), "other separator"),
    (GOOD.replace("-4321-", "-6321-"), "UUID of version 6"), (GOOD[37:], "no key id"), ("", "no text"),
]
for text, comment in LICENSE:
    same("VAL-09", "user-license-token", text, comment, text if PATTERN.match(text) else None)

JWT = re.compile(r"[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\Z")
for text, comment in (("eyJ.eyJ.c2ln", "three parts"), ("a.b.", "no signature"), ("_-.-_.A9", "base64url"), ("a.b", "two parts"),
                      ("a.b.c.d", "four parts"), (".b.c", "no header"), ("a..c", "no claims"), ("a.b.c=", "padding"),
                      ("a+/.b.c", "standard base64"), ("a.b.c\n", "line break after"), (" a.b.c", "space before"), ("", "no text")):
    same("VAL-10", "jwt", text, comment, text if JWT.match(text) else None)
same("VAL-10", "jwt", "a.b." + "c" * 16380, "16384 characters", "a.b." + "c" * 16380)
same("VAL-10", "jwt", "a.b." + "c" * 16381, "16385 characters")

# ---- writing ------------------------------------------------------------------------------------------------------------------

NOTES = {
    "EmptyPassword": {"bug": "an empty password is taken for none, or derived from",
                      "effect": "whoever knows the identifiers has the key", "refs": ["KDF-34"]},
    "EmptyText": {"bug": "an identifier or key of no characters is taken", "effect": "two users or applications share a salt", "refs": ["VAL-12"]},
    "TooLong": {"bug": "lengths have no bound", "effect": "memory and time are reserved by whoever sends the text", "refs": ["VAL-12"]},
    "OtherSpelling": {"bug": "`spelling`, which says how the session id stands in the salt, is not followed",
                      "effect": "data of an application that spelled it so cannot be recovered", "refs": ["KDF-30"]},
    "OtherText": {"bug": "a text is trimmed, case-folded or stripped before it is derived from", "effect": "another key than everybody else's",
                  "refs": ["KDF-21"]},
    "ReadNotWritten": {"bug": "what exists is refused, or what is only read is written", "effect": "data are lost, or others cannot read what is new",
                       "refs": ["VAL-02", "VAL-03", "VAL-05"]},
}
INPUTS = ("use", "password", "rawKey", "appId", "userId", "sessionId", "spelling", "groupId", "salt", "validationKey", "validationKeyId",
          "connectorValue", "nonce")


def shaped(test):
    """A test in the form of all vector files: every member is there, null stands for nothing."""
    given = test["in"]
    if "use" in given:
        given = {name: given.get(name) for name in INPUTS}
        output = {"derived": test.get("out")}
    elif "utf8" in given:
        output = {"same": test.get("out")}
    else:
        output = {"text": test.get("out")}
    return {"id": test["id"], "rule": test["rule"], "comment": test["comment"], "in": given, "result": test["result"],
            "error": test.get("error"), "output": None if "error" in test else output, "flags": test["flags"]}


def write(name, schema, by, tests):
    flags = {flag for test in tests for flag in test["flags"]}
    document = {
        "schema": f"sealwright-vectors/{schema}/1",
        "source": {"by": by, "how": HOW},
        "notes": {flag: NOTES[flag] for flag in sorted(flags)},
        "count": len(tests),
        "tests": [shaped(test) for test in tests],
    }
    path = VECTORS / "derivation" / name
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
    if "--check" in sys.argv:
        if path.read_text() != text:
            sys.exit(f"{name} is not what the generator gives: run it and commit")
    else:
        path.write_text(text)
    print(f"{path.relative_to(VECTORS.parent)}: {len(tests)}")


PEERS = "OpenSSL's scrypt and Python's Unicode tables, equal to the JavaScript SDK 0.34 and the Go SDK 0.9.0 where they answer"
write("uses.json", "derivation", PEERS, uses)
write("normalisation.json", "derivation-normalisation", PEERS, normalisation)
write("values.json", "derivation-value", "the specification", values)
