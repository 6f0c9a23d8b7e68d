//! The delivery time of published frames.

use std::{sync::Arc, time::Instant};

use socketio::Message;

/// Measures the delivery time: dropped when the last client has been written to.
pub(super) struct DeliveryTimer(pub(super) Instant);

impl Drop for DeliveryTimer {
    fn drop(&mut self) {
        metrics::histogram!("rowcast_live_delivery_seconds").record(self.0.elapsed().as_secs_f64());
    }
}

/// Attaches a timer that all messages share.
pub(super) fn with_delivery_timer(messages: Vec<Message>, began: Instant) -> Vec<Message> {
    let delivery = Arc::new(DeliveryTimer(began));
    messages.into_iter().map(|message| message.with_drop_guard(delivery.clone())).collect()
}
