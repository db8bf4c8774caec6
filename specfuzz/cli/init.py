"""`specfuzz init`: a policy and an auth file to start from. It never overwrites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.config import FILE
from specfuzz.cli.errors import UsageError
from specfuzz.cli.output import make_console

if TYPE_CHECKING:
    from specfuzz.contract import Contract
    from specfuzz.contract.login import Carrier, LoginShape
    from specfuzz.contract.questions import Question

AUTH_FILE = "auth.yaml"

MAX_QUESTIONS = 60
"""Questions written down; more than that, nobody reads. The rest is in the plan."""


def init(spec: str, folder: Path, *, verify_tls: bool = True) -> int:
    """Write what is not there yet; returns the exit code. Raises `UsageError` where nothing could be written."""
    from specfuzz.cli.target import load_contract

    if not folder.is_dir():
        raise UsageError(f"there is no directory {folder}", hint=f"make it first: mkdir -p {folder}")
    contract = load_contract(spec, verify=verify_tls)
    console = make_console()
    texts = {FILE: policy_text(contract, spec), AUTH_FILE: auth_text(contract)}
    written = [name for name, text in texts.items() if _write(folder / name, text)]
    if not written:
        raise UsageError(
            f"{FILE} and {AUTH_FILE} are there already, and init never overwrites",
            hint="move one away, or use --output",
        )
    for name in texts:
        state = "written" if name in written else "was there already and is left as it is"
        console.print(f"{folder / name}: {state}", markup=False)
    console.print(f"next: fill in {AUTH_FILE}, then specfuzz plan {spec} --auth {AUTH_FILE}", markup=False)
    return 0


def _write(path: Path, text: str) -> bool:
    """Write a new file; False where there is one. Opening it exclusively leaves no moment in which another could appear."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    return True


# The policy ---------------------------------------------------------------------------------------------------------


def policy_text(contract: Contract, spec: str) -> str:
    """A commented policy file: without a single change it says nothing."""
    from specfuzz.contract.questions import questions

    asked = questions(contract)
    kinds = [kind.name for kind in contract.resources if not kind.is_user and kind.creates]
    absolute = (url for url in contract.document.servers if url.startswith("http") and "{" not in url)
    server = next(absolute, "http://127.0.0.1:8000")
    lines = [
        f"# What specfuzz should know about {_one_line(contract.document.title)} beyond its document.",
        "# Lines that begin with a # do nothing. What stands here is certain and overrules what is inferred.",
        "",
        "# Kinds of objects that every user may see and change:",
        f"# shared_resources = [{_quoted(_pascal(kinds[0]) if kinds else 'Board')}]",
        "",
        "[run]",
        f"# url = {_quoted(server)}",
        f"# auth = {_quoted(AUTH_FILE)}",
        "# seed = 0",
        "",
        "# An accepted finding:",
        "# [[ignore]]",
        '# rule = "SF101"',
        f"# path = {_quoted(contract.operations[0].operation.path)}",
        '# reason = "why, and where it is tracked"',
        "# expires = 2099-12-31",
    ]
    if asked:
        lines += ["", "# Questions that only a person can answer. Where the answer is yes, take the # away."]
    for question in asked[:MAX_QUESTIONS]:
        lines += ["", *_asked(question)]
    if len(asked) > MAX_QUESTIONS:
        lines += [
            "",
            f"# {len(asked) - MAX_QUESTIONS} more are left out: specfuzz plan {_one_line(spec)} shows all operations.",
        ]
    return "\n".join(lines) + "\n"


def _asked(question: Question) -> list[str]:
    methods = [_quoted(method) for method in question.methods]
    if isinstance(question.answer, bool):
        answer = str(question.answer).lower()
    elif isinstance(question.answer, str):
        answer = _quoted(question.answer)
    else:
        answer = f"[{', '.join(map(_quoted, question.answer))}]"
    label = f"`{'/'.join(question.methods)} {question.path}`"
    return [
        f"# {_one_line(question.text.replace('{}', label))}",
        f"# ({_one_line(question.because)})",
        "# [[policy]]",
        f"# method = {methods[0] if len(methods) == 1 else '[' + ', '.join(methods) + ']'}",
        f"# path = {_quoted(question.path)}",
        f"# {question.key} = {answer}",
    ]


# The users ----------------------------------------------------------------------------------------------------------


def auth_text(contract: Contract) -> str:
    """An auth file with two users and one for each role that the document mentions; it can be read as it is."""
    from specfuzz.contract.login import find_carrier, find_login
    from specfuzz.contract.questions import roles

    login, carrier = find_login(contract), find_carrier(contract)
    head = [
        f"# Users to test {_one_line(contract.document.title)} as, in the Web Fuzzing Commons format.",
        "# Rules about other users' objects need two of the same role. Secrets come from environment variables.",
    ]
    if login is None:
        head.append("# The document describes no log-in with a user and a password: each user has a fixed header.")
    lines = [*head, *(_template(login, carrier) if login is not None else []), "auth:"]
    users: dict[str, str | None] = {"alice": None, "bob": None}
    for mentioned in roles(contract):
        users.setdefault(_user_name(mentioned), mentioned)
    for name, role in users.items():
        lines.append(f"  - name: {_quoted(name)}")
        if role is not None:
            lines.append(f"    role: {_quoted(role)}")
        lines += _credentials(name, login, carrier)
    return "\n".join(lines) + "\n"


def _template(login: LoginShape, carrier: Carrier) -> list[str]:
    """What all log-ins have in common, said once."""
    lines = [
        "authTemplate:",
        "  loginEndpointAuth:",
        f"    endpoint: {_quoted(login.path)}",
        f"    verb: {login.method}",
        f"    contentType: {_quoted(login.media_type)}",
    ]
    if login.token is None or carrier.place == "cookie":
        lines.append("    expectCookies: true")
    else:
        lines += [
            "    token:",
            f"      extractFromField: {_quoted(login.token)}",
            f"      httpHeaderName: {_quoted(carrier.name if carrier.place == 'header' else 'Authorization')}",
            f"      headerPrefix: {_quoted(carrier.prefix if carrier.place == 'header' else 'Bearer ')}",
        ]
    return lines


def _credentials(name: str, login: LoginShape | None, carrier: Carrier) -> list[str]:
    variable = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).upper()
    if login is None:
        header = (
            carrier.name if carrier.place == "header" else "Cookie" if carrier.place == "cookie" else "Authorization"
        )
        prefix = f"{carrier.name}=" if carrier.place == "cookie" else carrier.prefix
        return [
            "    fixedHeaders:",
            f"      - name: {_quoted(header)}",
            f"        value: {_quoted(prefix + '${' + variable + '_TOKEN}')}",
        ]
    user = f"{name}@example.com" if "mail" in login.user_field.lower() else name
    return [
        "    loginEndpointAuth:",
        "      payloadUserPwd:",
        f"        usernameField: {_quoted(login.user_field)}",
        f"        username: {_quoted(user)}  # change it",
        f"        passwordField: {_quoted(login.password_field)}",
        f"        password: {_quoted('${' + variable + '_PASSWORD}')}",
    ]


def _user_name(role: str) -> str:
    name = "-".join(role.replace(":", " ").split()).lower()
    return f"{name}-user" if name in ("", "anonymous") else name


def _pascal(noun: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in noun.split("_"))


def _quoted(text: str) -> str:
    """A text in the quotes that TOML and YAML share with JSON."""
    return json.dumps(text, ensure_ascii=True)


def _one_line(text: str) -> str:
    """Text of the document inside a comment: it must not end one."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
