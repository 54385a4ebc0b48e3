# Tail last 50 lines
curl http://localhost:30080/v1/functions/web-server/logs?tail=50 \
  -H "Authorization: Bearer $TOKEN"
