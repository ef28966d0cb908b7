from fastapi import FastAPI

from app.incidents import router

app = FastAPI(title="Incidents")
app.include_router(router)
