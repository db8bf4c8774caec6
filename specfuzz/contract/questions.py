"""What only a person can answer about a document: where it is silent, and where it only hints."""

from __future__ import annotations

from dataclasses import dataclass

from specfuzz.contract.derive import Contract
from specfuzz.contract.model import Action, Confidence, FieldReason, Level, OperationContract

_STORING = (Action.CREATE, Action.UPDATE, Action.REPLACE)
_ACCOUNTS = (Action.LOGIN, Action.SIGN_UP, Action.REFRESH, Action.LOGOUT, Action.SELF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about some methods of one path; `key` and `answer` are the policy line that answers it with yes."""

    text: str
    because: str
    methods: tuple[str, ...]
    path: str
    key: str
    answer: str | tuple[str, ...] | bool


def questions(contract: Contract) -> tuple[Question, ...]:
    """The questions in the document's order; methods of one path that ask the same are asked about together."""
    found: list[Question] = []
    for item in contract.operations:
        for question in (_access(item), _fields(item), _danger(item)):
            if question is None:
                continue
            same = next((other for other in found if _is_same(other, question)), None)
            if same is None:
                found.append(question)
            else:
                found[found.index(same)] = _joined(same, question)
    return tuple(found)


def roles(contract: Contract) -> tuple[str, ...]:
    """The roles that the document mentions, in its order."""
    named = (item.access.role for item in contract.operations if item.access.level is Level.ROLE)
    return tuple(dict.fromkeys(role for role in named if role))


def _access(item: OperationContract) -> Question | None:
    access = item.access
    if access.by_user or item.action in _ACCOUNTS:
        return None
    if access.level is Level.PUBLIC and access.confidence is Confidence.TENTATIVE:
        doing = "changed" if item.state_changing else "readable"
        return _about(item, f"Is {{}} {doing} by everyone?", access.reason, "access", "public")
    if access.level is Level.UNKNOWN:
        if not item.identifiers:
            return _about(item, "Does {} need credentials?", access.reason, "access", "authenticated")
        return _about(item, "Is {} the owner's alone?", access.reason, "access", "owner")
    if access.level is Level.AUTHENTICATED and item.identifiers and item.resource is not None:
        why = "the document asks for credentials and does not say whose"
        return _about(item, "Is {} the owner's alone?", why, "access", "owner")
    if access.confidence is Confidence.TENTATIVE:
        if access.level is Level.ROLE:
            role = access.role or "admin"
            return _about(item, f"Is {{}} for the role {role} alone?", access.reason, "access", f"role:{role}")
        whose = {Level.OWNER: "the owner's", Level.MEMBERS: "the members'"}.get(access.level, "a logged-in user's")
        return _about(item, f"Is {{}} {whose} alone?", access.reason, "access", access.level.value)
    return None


def _fields(item: OperationContract) -> Question | None:
    """Fields that another request takes and this one does not: left out on purpose, or by mistake?"""
    names = tuple(field.name for field in item.forbidden_fields if field.reason is FieldReason.IMMUTABLE)
    if not names or item.action not in _STORING:
        return None
    listed = ", ".join(f"`{name}`" for name in names)
    return _about(
        item, f"May a client send {listed} to {{}}?", "another operation takes it, this one does not", "writable", names
    )


def _danger(item: OperationContract) -> Question | None:
    if not item.dangerous:
        return None
    return _about(
        item,
        "Is {} harmless here?",
        "it looks as if one call could destroy what a run did not make",
        "dangerous",
        False,
    )


def _about(
    item: OperationContract, text: str, because: str, key: str, answer: str | tuple[str, ...] | bool
) -> Question:
    return Question(
        text=text, because=because, methods=(item.operation.method,), path=item.operation.path, key=key, answer=answer
    )


def _is_same(one: Question, other: Question) -> bool:
    return (one.text, one.path, one.key, one.answer) == (other.text, other.path, other.key, other.answer)


def _joined(one: Question, other: Question) -> Question:
    return Question(
        text=one.text,
        because=one.because,
        methods=(*one.methods, *other.methods),
        path=one.path,
        key=one.key,
        answer=one.answer,
    )
