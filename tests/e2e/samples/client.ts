import axios from 'axios';

class EventFlowClient {
  private baseURL: string;
  private token: string;

  constructor(baseURL: string, token: string) {
    this.baseURL = baseURL;
    this.token = token;
  }

  async createFunction(name: string, image: string, replicas: number = 1) {
    const response = await axios.post(
      `${this.baseURL}/v1/functions`,
      { name, image, replicas },
      {
        headers: {
          'Authorization': `Bearer ${this.token}`,
          'Content-Type': 'application/json'
        }
      }
    );
    return response.data;
  }

  async listFunctions() {
    const response = await axios.get(
      `${this.baseURL}/v1/functions`,
      {
        headers: {
          'Authorization': `Bearer ${this.token}`
        }
      }
    );
    return response.data;
  }

  async deleteFunction(name: string) {
    await axios.delete(
      `${this.baseURL}/v1/functions/${name}`,
      {
        headers: {
          'Authorization': `Bearer ${this.token}`
        }
      }
    );
  }
}

// Usage
const client = new EventFlowClient('http://localhost:30080', 'your_token');
await client.createFunction('my-app', 'nginx:alpine', 2);
const functions = await client.listFunctions();
await client.deleteFunction('my-app');
