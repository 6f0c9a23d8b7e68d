//! Who may do what, as `--access` says.

use socketio::Socket;

use super::{
    Gateway, SocketState,
    sign_in::{emit_signed_out, sign_out},
};
use crate::{auth, auth::Token, config, database::Transaction, error::Error, registry::Access};

const SIGN_IN_TO_WRITE: &str = "sign in to change anything";
const SIGN_IN_TO_READ: &str = "sign in to see anything";

/// That somebody may do something. Where it takes a sign-in, what is done counts only while that is good.
#[derive(Clone)]
pub(super) struct Permit(Option<Token>);

impl Gateway {
    /// Whether this socket may be shown anything at all.
    pub(super) fn authorize_read(&self, session: &SocketState) -> Result<Permit, Error> {
        self.permit(session, self.access == config::Access::Members, SIGN_IN_TO_READ)
    }

    /// Whether this socket may do what needs that of the database.
    pub(super) fn authorize(&self, session: &SocketState, access: Access) -> Result<Permit, Error> {
        match access {
            Access::Read => self.authorize_read(session),
            Access::Refusal | Access::Write | Access::WriteTo { .. } => {
                self.permit(session, self.access != config::Access::Open, SIGN_IN_TO_WRITE)
            }
        }
    }

    fn permit(&self, session: &SocketState, members: bool, sentence: &'static str) -> Result<Permit, Error> {
        match session.user() {
            _ if !members => Ok(Permit(None)),
            Some(login) => Ok(Permit(Some(login.token))),
            None => Err(Error::Unauthorized(sentence)),
        }
    }

    /// Looks whether a sign-in that is needed is still good, where nothing else asks the database.
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

    /// What was found is told only if it may still be: the socket may have been signed out while it was looked for.
    pub(super) fn ensure_still_signed_in(&self, session: &SocketState, permit: &Permit) -> Result<(), Error> {
        match &permit.0 {
            Some(token) if !session.is_signed_in_by(token) => Err(Error::Unauthorized(SIGN_IN_TO_READ)),
            _ => Ok(()),
        }
    }

    /// Whoever was refused because the sign-in has ended elsewhere is signed in no longer, and told so.
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

    /// The same of what was asked with this token.
    pub(super) fn sign_out_if_token_revoked<T>(
        &self,
        socket: &Socket<SocketState>,
        token: &Token,
        outcome: &Result<T, Error>,
    ) {
        if let Err(Error::Unauthorized(reason)) = outcome
            && socket.state().is_signed_in_by(token)
        {
            sign_out(socket, self.access);
            emit_signed_out(socket, reason);
        }
    }
}

impl Permit {
    /// Within what is read: passes if the sign-in is good in the same picture.
    pub(super) async fn check(&self, db: &Transaction) -> Result<(), Error> {
        match &self.0 {
            Some(token) => auth::check(db, token).await,
            None => Ok(()),
        }
    }

    /// Within what is written: passes if the sign-in is good until that is committed.
    pub(super) async fn lock_valid(&self, db: &Transaction) -> Result<(), Error> {
        match &self.0 {
            Some(token) => auth::lock_valid(db, token).await,
            None => Ok(()),
        }
    }
}
