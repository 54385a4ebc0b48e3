curl -X POST http://localhost:30080/v1/functions/web-server:invoke \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "input": {
      "action": "process",
      "data": "test"
    }
  }'
