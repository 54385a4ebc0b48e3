curl http://localhost:30080/v1/functions/web-server \
  -H "Authorization: Bearer $TOKEN"
