from fastapi import APIRouter, HTTPException

from app.models import Incident, NewIncident
from app.store import Store

router = APIRouter(prefix="/incidents")
store = Store()


@router.post("", status_code=201)
def open_incident(new: NewIncident) -> Incident:
    return store.add(new)


@router.get("")
def list_incidents() -> list[Incident]:
    return store.newest_first()


@router.get("/{incident_id}")
def read_incident(incident_id: int) -> Incident:
    incident = store.get(incident_id)
    if incident is None:
        raise HTTPException(404, "There is no such incident.")
    return incident
