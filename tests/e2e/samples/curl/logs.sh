# Get last 100 lines
curl http://localhost:30080/v1/functions/web-server/logs \
  -H "Authorization: Bearer $TOKEN"
