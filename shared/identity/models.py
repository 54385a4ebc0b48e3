"""Who is calling."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.models import Record, Request, View


class Principal(Record):
    """An authenticated caller. `family` 0 came from POST /auth/token: no password was checked."""

    user_id: str
    username: str
    email: str = ""
    namespace: str
    family: int
    token_id: str


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]


class TokenRequest(Request):
    """Body of POST /auth/token (seed 000, "Generate Token"). All fields are optional, as is the body."""

    user_id: Annotated[
        Text, Field(description="Who you want to be: a DNS label of at most 56 characters")
    ] = ""
    username: Text = ""
    email: Text = ""


class TokenView(View):
    token: str
    user_id: str
    username: str
    email: str
    namespace: str
