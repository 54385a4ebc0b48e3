"""POST /auth/token: a development identity for the asking (seed 000)."""

from shared.clock import new_id
from shared.http import api
from shared.identity import service
from shared.identity.models import TokenRequest, TokenView

app = api(public=True)


@app.post("/auth/token")
def token(identity: TokenRequest | None = None) -> TokenView:
    return service.issue_development_token(identity, now=app.now, token_id=new_id())


handler = app.handler
