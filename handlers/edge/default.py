"""$default: what no route matches. 405 where another method would, else 404, in the path's error family."""

from shared.http.catch_all import CatchAll

app = CatchAll()
handler = app.handler
