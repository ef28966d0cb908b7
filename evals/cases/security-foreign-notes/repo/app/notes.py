from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from app.auth import CurrentUser

router = APIRouter(prefix="/notes")


class NewNote(BaseModel):
    text: str = Field(min_length=1, max_length=10_000)


class Note(NewNote):
    id: int
    owner: str


notes: dict[int, Note] = {}


def find(note_id: int) -> Note:
    if note_id not in notes:
        raise HTTPException(404, "There is no such note.")
    return notes[note_id]


@router.post("", status_code=201)
def add(new: NewNote, user: CurrentUser) -> Note:
    note = Note(id=max(notes, default=0) + 1, owner=user.name, text=new.text)
    notes[note.id] = note
    return note


@router.get("")
def listing(user: CurrentUser) -> list[Note]:
    return list(notes.values())


@router.get("/{note_id}")
def read(note_id: int, user: CurrentUser) -> Note:
    return find(note_id)


@router.put("/{note_id}")
def change(note_id: int, new: NewNote, user: CurrentUser) -> Note:
    notes[note_id] = find(note_id).model_copy(update={"text": new.text})
    return notes[note_id]


@router.delete("/{note_id}", status_code=204)
def remove(note_id: int, user: CurrentUser) -> None:
    del notes[find(note_id).id]
