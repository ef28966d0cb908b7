from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Service", version="0.1.0")


class ServiceInfo(BaseModel):
    name: str
    version: str
    docs: str


class Health(BaseModel):
    status: str


@app.get("/", summary="What this service is")
def read_root() -> ServiceInfo:
    return ServiceInfo(name=app.title, version=app.version, docs="/docs")


@app.get("/health", summary="Whether the service is up")
def read_health() -> Health:
    return Health(status="ok")
