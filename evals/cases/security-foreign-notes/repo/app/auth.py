from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, HTTPException


@dataclass(frozen=True)
class User:
    name: str
    role: str = "member"


TOKENS = {"token-ada": User("ada"), "token-bob": User("bob"), "token-root": User("root", "admin")}


def current_user(authorization: Annotated[str, Header()] = "") -> User:
    user = TOKENS.get(authorization.removeprefix("Bearer "))
    if user is None:
        raise HTTPException(401, "Sign in first.")
    return user


CurrentUser = Annotated[User, Depends(current_user)]
