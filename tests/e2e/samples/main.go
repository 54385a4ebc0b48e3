package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

type EventFlowClient struct {
	BaseURL string
	Token   string
	Client  *http.Client
}

type Function struct {
	Name     string            `json:"name"`
	Image    string            `json:"image"`
	Replicas int               `json:"replicas"`
	Env      map[string]string `json:"env,omitempty"`
}

func (c *EventFlowClient) CreateFunction(fn Function) error {
	body, _ := json.Marshal(fn)
	req, _ := http.NewRequest("POST", c.BaseURL+"/v1/functions", bytes.NewBuffer(body))
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
	
	resp, err := c.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("unexpected status: %d", resp.StatusCode)
	}
	return nil
}

func (c *EventFlowClient) ListFunctions() ([]Function, error) {
	req, _ := http.NewRequest("GET", c.BaseURL+"/v1/functions", nil)
	req.Header.Set("Authorization", "Bearer "+c.Token)
	
	resp, err := c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	
	var functions []Function
	if err := json.NewDecoder(resp.Body).Decode(&functions); err != nil {
		return nil, err
	}
	return functions, nil
}

// Usage
func main() {
	client := &EventFlowClient{
		BaseURL: "http://localhost:30080",
		Token:   "your_token",
		Client:  &http.Client{},
	}
	
	fn := Function{
		Name:     "my-app",
		Image:    "nginx:alpine",
		Replicas: 2,
	}
	
	if err := client.CreateFunction(fn); err != nil {
		panic(err)
	}
	
	functions, err := client.ListFunctions()
	if err != nil {
		panic(err)
	}
	
	fmt.Printf("Found %d functions\n", len(functions))
}
