"""Names that sound like an action: a GET on such a path may do what its name says, and is no way to look at an object."""

from __future__ import annotations

from specfuzz.contract import OperationContract
from specfuzz.contract.words import split_words

_ACTION_WORDS = frozenset(
    "accept activate add apply approve archive assign block book buy cancel change checkin checkout claim clear clone close "
    "complete confirm copy create deactivate decline delete disable discard dismiss do drop duplicate edit empty enable end "
    "erase execute fail finish flag follow freeze fulfil fulfill hide import invite join kick kill leave like lock logout "
    "mark merge move mute open order pause pay pin post process promote publish purchase purge put reactivate "
    "reassign rebook redeem refresh refund reject release remove rename renew reopen reorder repeat replace reschedule "
    "reserve reset resolve restart restore resume retry return revert revoke rotate run save schedule send set share ship "
    "snooze star start stop submit subscribe suspend switch sync toggle transfer trash trigger unarchive unassign unblock "
    "undo unfollow unfreeze unlike unlock unmute unpin unpublish unshare unsubscribe unstar update upgrade use vote void "
    "withdraw write".split()
)
"""Verbs that change something, as the first word of a path's last segment."""


def sounds_like_an_action(target: OperationContract) -> bool:
    """Whether the last literal segment, or the operationId, begins with a verb that changes something."""
    literals = [part for part in target.operation.path.split("/") if part and "{" not in part]
    words = split_words(literals[-1]) if literals else ()
    if words and words[0] in _ACTION_WORDS and len(literals) > 1:
        return True
    named = split_words(target.operation.operation_id or "")
    return len(named) > 1 and named[0] in _ACTION_WORDS - {"open", "order", "post", "use", "do", "run"}
