pm.sendRequest({
    url: pm.environment.get("base_url") + "/auth/token",
    method: 'POST',
    header: {
        'Content-Type': 'application/json'
    },
    body: {
        mode: 'raw',
        raw: JSON.stringify({
            user_id: "alice",
            username: "Alice",
            email: "alice@company.com"
        })
    }
}, function (err, response) {
    const data = response.json();
    pm.environment.set("token", data.token);
});
