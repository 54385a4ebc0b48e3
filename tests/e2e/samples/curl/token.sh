curl -X POST http://localhost:30080/auth/token \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "username": "Alice",
    "email": "alice@company.com"
  }'
