from fastapi import FastAPI

from app.notes import router

app = FastAPI(title="Notes")
app.include_router(router)
