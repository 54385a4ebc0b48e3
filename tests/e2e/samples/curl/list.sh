curl http://localhost:30080/v1/functions \
  -H "Authorization: Bearer $TOKEN"
