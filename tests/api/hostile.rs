//! Invalid and excessive input: each request gets the documented ack, and no other client is affected.

mod load_and_slow_clients;
mod packets;
mod payloads;
mod sizes;
