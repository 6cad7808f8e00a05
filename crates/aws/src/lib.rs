//! What AWS provides, each with a local stand-in: secrets, queue, cipher; the HTTP client.
