"""What a call does beside answering: does it change state, may it destroy, does it reach out of the API?

The method says most of it, and names the rest: a GET named `reset`, a POST named `search`.
"""

from __future__ import annotations

from specfuzz.contract.actions import Shape, is_plural
from specfuzz.contract.model import Action, Confidence, Operation
from specfuzz.contract.words import singular, split_words

_READ_VERBS = frozenset(
    "get list search find read view show export query lookup preview validate check estimate calculate simulate"
    " autocomplete suggest compare count introspect".split()
)
_CHANGE_VERBS = frozenset(
    "delete remove reset purge wipe drop clear create update cancel approve logout enable disable activate deactivate"
    " unsubscribe confirm accept decline reject revoke toggle trigger restart resend unpublish ban unban destroy".split()
)
_COMPUTING_VERBS = frozenset("analyse analyze calculate classify compute detect predict translate".split())
_SAID_READS = frozenset(
    "get gets list lists return returns retrieve retrieves search searches find finds fetch fetches read reads query queries"
    " look lookup check checks validate validates calculate calculates compute computes analyze analyzes perform performs"
    " detect detects classify predict preview download downloads export exports render count".split()
)
_SAID_CHANGES = frozenset(
    "create creates add adds update updates delete deletes remove removes set sets mark marks send sends register registers"
    " submit submits assign assigns cancel cancels save saves upload uploads change changes enable disable start stop move"
    " moves copy copies replace replaces edit approve reject close open publish invite".split()
)
_READING = (Action.READ, Action.LIST, Action.SEARCH)

_DESTROYING = frozenset("drop reset purge wipe truncate shutdown restart reboot nuke flush migrate seed".split())
_EVERYTHING = frozenset(("all", "everything"))
_REMOVING = frozenset("delete remove clear destroy erase".split())

_PAYING = frozenset("pay charge refund payout checkout payment purchase withdraw capture topup".split())
_SENDING = frozenset("email mail sms invite broadcast notify newsletter notification resend fax invitation".split())
_SAID_FIRST = frozenset("send resend notify invite broadcast pay charge refund capture withdraw".split())
"""Verbs that make an effect of what follows: `send-email`, `refund_order`. `/email-lists` and `/checkout-keys` are things."""


def changes_state(
    operation: Operation, shape: Shape, *, has_twin: bool = False, has_items: bool = False
) -> tuple[bool, Confidence, str]:
    """Whether a call changes state, how sure that is, and why.

    `has_twin` if the same path takes GET and an unsafe method: then a GET named `unsubscribe` is the page that asks, and
    `/threads/{id}/read-mark` is a thing. `has_items` if others deal with the items of what the path names.
    """
    action = shape.action
    words = _last_words(operation)
    if not words and not operation.path.rstrip("/").endswith("}"):
        words = split_words(operation.operation_id or "")
    first = words[0] if words else ""
    if operation.is_safe:
        is_noun = len(words) > 1 and (action is Action.LIST or singular(words[-1]) != words[-1])
        if first in _CHANGE_VERBS and not is_noun and not has_twin:  # `/cancel-reasons` lists reasons
            return True, Confidence.TENTATIVE, f"the method is {operation.method}, but its name begins with `{first}`"
        return False, Confidence.CERTAIN, f"the method is {operation.method}"
    reads = (
        first in _READ_VERBS | _COMPUTING_VERBS
        and words[1:2] not in (("in",), ("out",))
        and not (has_twin and len(words) > 1)
    )  # `/check-in` is no check
    if (action in _READING or reads) and operation.method not in ("DELETE", "PATCH"):
        if has_items or (*split_words(operation.summary), "")[0] in _SAID_CHANGES:
            # `POST /checks` makes a check; "Mark as read" is no reading
            return True, Confidence.TENTATIVE, f"the method is {operation.method}, and its name may be a noun"
        return False, Confidence.FIRM, f"the method is {operation.method}, but its name says that it reads"
    return True, _certainty(operation, shape, has_items=has_items), f"the method is {operation.method}"


def _certainty(operation: Operation, shape: Shape, *, has_items: bool) -> Confidence:
    """How sure it is that a write changes something: many a POST only computes an answer (`POST /text/review`)."""
    if operation.method in ("DELETE", "PATCH") or (operation.method == "PUT" and shape.identifiers):
        return Confidence.CERTAIN
    said = (*split_words(operation.summary), "")[0]
    if said in _SAID_READS:
        return Confidence.TENTATIVE
    if said in _SAID_CHANGES:
        return Confidence.FIRM if shape.action is Action.OTHER else Confidence.CERTAIN
    if shape.action is Action.CREATE:
        statuses = {reply.status for reply in operation.replies}
        if has_items or ("201" in statuses and "200" not in statuses):  # some tools declare both everywhere
            return Confidence.CERTAIN
        return Confidence.FIRM if is_plural(operation.path.rsplit("/", 1)[-1]) else Confidence.TENTATIVE
    return Confidence.TENTATIVE if shape.action is Action.OTHER else Confidence.FIRM


def is_destructive(operation: Operation, shape: Shape, changing: bool) -> bool:
    """Whether one call may destroy what the run did not make: a reset, or a delete that names no object."""
    if not changing:
        return False
    if operation.method == "DELETE" and not shape.identifiers and shape.action is not Action.SELF:
        return True
    words = set(split_words(operation.path)) | set(split_words(operation.operation_id or ""))
    if "password" in words or shape.action is Action.LOGIN:
        return False
    if words & _DESTROYING:
        # `/devices/{id}/reset` is about one device, which the run has made.
        return not shape.identifiers or bool(words & _DESTROYING & set(split_words(operation.path.split("{")[0])))
    return bool(words & _REMOVING and words & _EVERYTHING)


def reaches_out(operation: Operation, shape: Shape, changing: bool) -> str | None:
    """What a call does to the world outside: `moves money` or `sends messages`; None where it seems to do neither."""
    if not changing or operation.method == "DELETE" or shape.action not in (Action.CREATE, Action.ACT, Action.OTHER):
        return None
    words = [singular(word) for word in _last_words(operation) if word not in ("json", "xml", "php")]
    if not words:
        return None
    telling = {words[-1], *(words if words[0] in _SAID_FIRST else ())}
    if telling & _PAYING:
        return "moves money"
    return "sends messages" if telling & _SENDING else None


def _last_words(operation: Operation) -> tuple[str, ...]:
    """The words of the last literal segment; before a parameter, only where that segment is one word (`/delete/{id}`)."""
    segments = [segment for segment in operation.path.split("/") if segment]
    if not segments:
        return ()
    if "{" not in segments[-1]:
        return split_words(segments[-1])
    words = split_words(segments[-2]) if len(segments) > 1 and "{" not in segments[-2] else ()
    return words if len(words) == 1 and words[0] in _CHANGE_VERBS else ()
