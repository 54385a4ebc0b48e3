TOKEN="your_jwt_token_here"

curl -X POST http://localhost:30080/v1/functions \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "name": "web-server",
    "image": "nginx:alpine",
    "replicas": 2,
    "env": {
      "ENV": "production"
    }
  }'
