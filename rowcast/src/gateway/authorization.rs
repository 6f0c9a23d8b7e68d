//! Authorization of reads and writes by `--access`.

use socketio::Socket;

use super::{
    Gateway, SocketState,
    sign_in::{emit_signed_out, sign_out},
};
use crate::{auth, auth::Token, config, database::Transaction, error::Error, registry::TransactionKind};

const SIGN_IN_TO_WRITE: &str = "sign in to change anything";
const SIGN_IN_TO_READ: &str = "sign in to see anything";

/// An authorization. If it depends on a login, it holds the token, which must be valid whenever the permit is used.
#[derive(Clone)]
pub(super) struct Permit(Option<Token>);

impl Gateway {
    /// Authorizes a socket to receive rows.
    pub(super) fn authorize_read(&self, state: &SocketState) -> Result<Permit, Error> {
        self.permit(state, self.access == config::AccessMode::Members, SIGN_IN_TO_READ)
    }

    /// Authorizes a socket to run an operation that needs this access to the database.
    pub(super) fn authorize(&self, state: &SocketState, access: &TransactionKind) -> Result<Permit, Error> {
        match access {
            TransactionKind::Read => self.authorize_read(state),
            TransactionKind::Validate | TransactionKind::Write | TransactionKind::WriteTo { .. } => {
                self.permit(state, self.access != config::AccessMode::Open, SIGN_IN_TO_WRITE)
            }
        }
    }

    fn permit(&self, state: &SocketState, members: bool, message: &'static str) -> Result<Permit, Error> {
        match state.user() {
            _ if !members => Ok(Permit(None)),
            Some(login) => Ok(Permit(Some(login.token))),
            None => Err(Error::Unauthorized(message)),
        }
    }

    /// Revalidates the token for requests that run no transaction of their own.
    pub(super) async fn revalidate(
        &self,
        socket: &Socket<SocketState>,
        permit: &Permit,
    ) -> Result<(), Error> {
        if permit.0.is_some() {
            let check = permit.clone();
            let checked = self.db.read(async move |db: &Transaction| check.check(db).await).await;
            self.sign_out_if_revoked(socket, permit, &checked);
            checked?;
        }
        self.ensure_still_signed_in(socket.state(), permit)
    }

    /// Fails if the socket was signed out while its request ran.
    pub(super) fn ensure_still_signed_in(&self, state: &SocketState, permit: &Permit) -> Result<(), Error> {
        match &permit.0 {
            Some(token) if !state.is_signed_in_by(token) => Err(Error::Unauthorized(SIGN_IN_TO_READ)),
            _ => Ok(()),
        }
    }

    /// Signs the socket out and emits `signed_out` if its request was refused because the token was revoked.
    pub(super) fn sign_out_if_revoked<T>(
        &self,
        socket: &Socket<SocketState>,
        permit: &Permit,
        outcome: &Result<T, Error>,
    ) {
        if let Some(token) = &permit.0 {
            self.sign_out_if_token_revoked(socket, token, outcome);
        }
    }

    /// As [`sign_out_if_revoked`](Self::sign_out_if_revoked), for a request made with this token.
    pub(super) fn sign_out_if_token_revoked<T>(
        &self,
        socket: &Socket<SocketState>,
        token: &Token,
        outcome: &Result<T, Error>,
    ) {
        if let Err(Error::Revoked) = outcome
            && socket.state().is_signed_in_by(token)
        {
            sign_out(socket, self.access);
            emit_signed_out(socket, auth::SIGNED_OUT_MESSAGE);
        }
    }
}

impl Permit {
    /// Checks the token in the snapshot of a read transaction.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    pub(super) async fn check(&self, db: &Transaction) -> Result<(), Error> {
        match &self.0 {
            Some(token) => auth::check(db, token).await,
            None => Ok(()),
        }
    }

    /// Checks the token in a write transaction, and locks it until the commit.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    pub(super) async fn lock_valid(&self, db: &Transaction) -> Result<(), Error> {
        match &self.0 {
            Some(token) => auth::lock_valid(db, token).await,
            None => Ok(()),
        }
    }
}
