//! The workers of a hub, and their commands.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::Hub;
use crate::{
    observer::Observed,
    wire::{args::Args, frame::Frame, frame_writer::Head, message::Message},
    worker::{
        command::{CommandQueue, Delivery, WorkerCommand},
        nsp::Nsp,
        target::Target,
    },
};

impl Hub {
    /// Sends messages to their recipients, without recovery. Each worker is woken once.
    pub(crate) fn send(&self, nsp: &Arc<Nsp>, target: Option<Arc<Target>>, messages: &[Message]) {
        let send = |message: &Message| {
            WorkerCommand::Deliver(Delivery {
                nsp: nsp.clone(),
                target: target.clone(),
                message: message.clone(),
                number: 0,
            })
        };
        for queue in self.workers().iter() {
            queue.push(messages.iter().map(send));
        }
    }

    /// Sends a numbered event that is kept for recovery: see [`crate::worker::recovery`].
    pub(crate) fn append(&self, nsp: &Arc<Nsp>, target: Option<Arc<Target>>, name: &str, args: &Args) {
        let workers = self.workers();
        let Some(mut log) = nsp.log() else { return };
        let (number, frame) = log.append(target.clone(), |offset| {
            let head = Head::Event { namespace: &nsp.name, name, ack: None };
            Frame::encode(head, args, Some(offset))
        });
        drop(log);
        let command = WorkerCommand::Deliver(Delivery {
            nsp: nsp.clone(),
            target,
            message: Message::event(frame),
            number,
        });
        for queue in workers.iter() {
            queue.push([command.clone()]);
        }
    }

    pub(crate) fn command(&self, command: &WorkerCommand) {
        for queue in self.workers().iter() {
            queue.push([command.clone()]);
        }
    }

    /// Adds a worker; called on its thread.
    pub(crate) fn register(&self, queue: Arc<CommandQueue>) {
        self.workers().push(queue);
        self.observe(|| Observed::Began { hub: self });
    }

    pub(crate) fn unregister(&self, queue: &Arc<CommandQueue>) {
        self.workers().retain(|other| !Arc::ptr_eq(other, queue));
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Arc<CommandQueue>>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
