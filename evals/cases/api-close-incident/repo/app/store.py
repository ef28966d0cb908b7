"""Incidents in memory."""

from app.models import Incident, NewIncident


class Store:
    def __init__(self) -> None:
        self._incidents: dict[int, Incident] = {}

    def add(self, new: NewIncident) -> Incident:
        incident = Incident(id=len(self._incidents) + 1, **new.model_dump())
        self._incidents[incident.id] = incident
        return incident

    def get(self, incident_id: int) -> Incident | None:
        return self._incidents.get(incident_id)

    def save(self, incident: Incident) -> None:
        self._incidents[incident.id] = incident

    def newest_first(self) -> list[Incident]:
        return sorted(self._incidents.values(), key=lambda incident: -incident.id)
