import requests

class EventFlowClient:
    def __init__(self, base_url, token):
        self.base_url = base_url
        self.token = token
        self.headers = {
            'Authorization': f'Bearer {token}',
            'Content-Type': 'application/json'
        }
    
    def create_function(self, name, image, replicas=1):
        response = requests.post(
            f'{self.base_url}/v1/functions',
            json={'name': name, 'image': image, 'replicas': replicas},
            headers=self.headers
        )
        response.raise_for_status()
        return response.json()
    
    def list_functions(self):
        response = requests.get(
            f'{self.base_url}/v1/functions',
            headers=self.headers
        )
        response.raise_for_status()
        return response.json()
    
    def delete_function(self, name):
        response = requests.delete(
            f'{self.base_url}/v1/functions/{name}',
            headers=self.headers
        )
        response.raise_for_status()

# Usage
client = EventFlowClient('http://localhost:30080', 'your_token')
client.create_function('my-app', 'nginx:alpine', 2)
functions = client.list_functions()
client.delete_function('my-app')
