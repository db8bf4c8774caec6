"""Messages between customers and the support desk."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response, status
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from . import schemas
from .auth import Caller, CurrentCaller, not_found, refusals
from .models import DbSession, Message, Reply
from .switches import on

router = APIRouter(prefix="/messages", tags=["messages"])
callbacks = APIRouter()


@router.post("", status_code=201, response_model=schemas.MessageOut, responses=refusals(400, 401))
def send_message(payload: schemas.MessageIn, caller: CurrentCaller, session: DbSession) -> Message:
    """Write to the support desk. A new message is `open`; its priority follows from the category."""
    priority = "high" if payload.category == "card" else "normal"
    message = Message(customer_id=caller.id, priority=priority, **payload.model_dump())
    session.add(message)
    session.commit()
    return message


@router.get("", response_model=list[schemas.MessageOut], responses=refusals(401))
def list_messages(
    caller: CurrentCaller,
    session: DbSession,
    q: Annotated[str | None, Query(max_length=80, description="Only messages with this in subject or body.")] = None,
) -> Sequence[Message]:
    """The caller's own messages."""
    query = select(Message).where(Message.customer_id == caller.id)
    if q:
        if on("message-search-all"):
            # SF104: the search starts a query of its own and leaves the filter above behind.
            query = select(Message)
        query = query.where(
            or_(Message.subject.contains(q, autoescape=True), Message.body.contains(q, autoescape=True))
        )
    return session.scalars(query.order_by(Message.created_at)).all()


@router.get("/{message_id}", response_model=schemas.MessageOut, responses=refusals(401, 404))
def read_message(message_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Message:
    """For whoever wrote it, and staff."""
    message = session.get(Message, message_id)
    if message is not None and not _may_read(caller, message) and on("message-refusal-differs"):
        # SF107: the same status as for an unknown id, but a text that gives it away.
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Not one of your messages")
    return _readable(session, caller, message_id)


@router.delete("/{message_id}", status_code=204, response_class=Response, responses=refusals(401, 404))
def delete_message(message_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> None:
    """Delete a message with its replies. For whoever wrote it."""
    message = session.get(Message, message_id)
    # SF103: with the switch on, any customer's message goes.
    if message is None or (message.customer_id != caller.id and not on("message-delete-any")):
        raise not_found()
    session.delete(message)
    session.commit()


@router.post(
    "/{message_id}/replies",
    status_code=201,
    response_model=schemas.ReplyOut,
    responses=refusals(400, 401, 404),
)
def reply(message_id: uuid.UUID, payload: schemas.ReplyIn, caller: CurrentCaller, session: DbSession) -> Reply:
    """Continue a conversation. For whoever began it, and staff."""
    message = _readable(session, caller, message_id)
    by_customer = message.customer_id == caller.id
    answer = Reply(author="customer" if by_customer else "support", body=payload.body)
    message.replies.append(answer)
    message.status = "open" if by_customer else "answered"
    session.commit()
    return answer


@callbacks.post(
    "/callbacks",
    tags=["messages"],
    status_code=201,
    response_model=schemas.CallbackOut,
    responses=refusals(400, 401, 503),
)
def request_callback(payload: schemas.CallbackIn, caller: CurrentCaller) -> None:
    """Ask to be called back. The call centre is not part of the sandbox: there this is always refused with
    503, as it is outside office hours, and nothing is stored."""
    raise HTTPException(
        status.HTTP_503_SERVICE_UNAVAILABLE, "The call centre is closed", headers={"Retry-After": "3600"}
    )


def _may_read(caller: Caller, message: Message) -> bool:
    return caller.is_staff or message.customer_id == caller.id


def _readable(session: Session, caller: Caller, message_id: uuid.UUID) -> Message:
    message = session.get(Message, message_id)
    if message is None or not _may_read(caller, message):
        raise not_found()
    return message
