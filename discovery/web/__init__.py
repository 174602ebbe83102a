"""The pages for people. They hold no data: what they show, the browser asks of the GraphQL API."""
