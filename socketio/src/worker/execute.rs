//! Execution of commands on the worker's thread.

use std::{rc::Rc, sync::Arc};

use crate::{
    acks::AckEvent,
    reason::Reason,
    wire::message::Message,
    worker::{
        Worker,
        command::{Delivery, SocketOp, WorkerCommand},
        nsp::Nsp,
        socket::SocketInner,
        target::Target,
    },
};

impl Worker {
    /// Executes all queued commands: see the ordering of [`Hub`].
    pub(crate) fn drain_commands(&self) {
        let commands = self.queue.take();
        // Events with the same recipients are delivered socket by socket, so that each is visited once.
        for run in commands.chunk_by(WorkerCommand::has_same_recipients) {
            match run {
                [WorkerCommand::Deliver(first), ..] => self.send(first, run),
                [WorkerCommand::Apply(nsp, target, op)] => self.apply(nsp, target.as_deref(), op),
                [WorkerCommand::Drain] => self.sessions.for_each(|session| session.drain()),
                [WorkerCommand::Abort] => self.sessions.for_each(|session| session.abort(Reason::Shutdown)),
                _ => {}
            }
        }
    }

    fn send(&self, first: &Delivery, run: &[WorkerCommand]) {
        let Some(members) = self.members_of(&first.nsp) else { return };
        members.for_each(first.target.as_deref(), |socket| {
            for command in run {
                if let WorkerCommand::Deliver(delivery) = command {
                    socket.deliver(&delivery.message, delivery.number);
                }
            }
        });
    }

    fn apply(&self, nsp: &Arc<Nsp>, target: Option<&Target>, op: &SocketOp) {
        let Some(members) = self.members_of(nsp) else { return };
        match op {
            SocketOp::Replace(pid) => {
                if let Some(socket) = members.with_pid(pid) {
                    socket.disconnect(Reason::Replaced, true);
                }
            }
            SocketOp::Fetch(list) => {
                let infos = members.select(target).iter().map(|socket| socket.info()).collect();
                let _ = list.send(infos);
            }
            SocketOp::EmitWithAck { frame, id, until, events } => {
                let asked = members.select(target);
                let ids = asked.iter().map(|socket| socket.id).collect();
                let _ = events.send(AckEvent::Asked(ids));
                for socket in asked {
                    socket.acks.expect_for(*id, *until, events.clone(), socket.id);
                    socket.deliver(&Message::event(frame.clone()), 0);
                }
            }
            op => members.select(target).iter().for_each(|socket| apply_to(socket, op)),
        }
    }
}

fn apply_to(socket: &Rc<SocketInner>, op: &SocketOp) {
    match op {
        SocketOp::Join(rooms) => rooms.iter().for_each(|room| socket.join(room)),
        SocketOp::Leave(rooms) => rooms.iter().for_each(|room| socket.leave(room)),
        SocketOp::Disconnect { close } => socket.disconnect(Reason::ServerDisconnect, *close),
        SocketOp::Fetch(_) | SocketOp::EmitWithAck { .. } | SocketOp::Replace(_) => {}
    }
}
