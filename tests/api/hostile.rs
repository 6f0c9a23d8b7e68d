//! What nobody should send, and everybody can: each gets the contract's answer, and nobody else notices.

mod crowds;
mod packets;
mod payloads;
mod sizes;
