from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

from app.files import find
from app.settings import attachments

app = FastAPI(title="Attachments")


@app.get("/files/{name:path}")
def read_file(name: str) -> FileResponse:
    path = find(attachments(), name)
    if path is None:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path)
