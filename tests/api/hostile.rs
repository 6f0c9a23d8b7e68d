//! What no client should send, and each can: each gets the contract's answer, and no other client notices.

mod load_and_slow_clients;
mod packets;
mod payloads;
mod sizes;
