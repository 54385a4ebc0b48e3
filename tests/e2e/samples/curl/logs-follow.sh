# Follow logs in real-time
curl http://localhost:30080/v1/functions/web-server/logs?follow=true \
  -H "Authorization: Bearer $TOKEN"
