//! Who may do what, as `--access` says.

use socketio::Socket;

use super::{
    Gateway, Session,
    sign_in::{sign_out, tell},
};
use crate::{auth, auth::Token, config, database::Transaction, error::Error, registry::Access};

const TO_CHANGE: &str = "sign in to change anything";
const TO_SEE: &str = "sign in to see anything";

/// That somebody may do something. Where it takes a sign-in, what is done counts only while that is good.
#[derive(Clone)]
pub(super) struct Permit(Option<Token>);

impl Gateway {
    /// Whether this socket may be shown anything at all.
    pub(super) fn may_see(&self, session: &Session) -> Result<Permit, Error> {
        self.permit(session, self.access == config::Access::Members, TO_SEE)
    }

    /// Whether this socket may do what needs that of the database.
    pub(super) fn may(&self, session: &Session, access: Access) -> Result<Permit, Error> {
        match access {
            Access::Read => self.may_see(session),
            Access::Refusal | Access::Write | Access::WriteTo { .. } => {
                self.permit(session, self.access != config::Access::Open, TO_CHANGE)
            }
        }
    }

    fn permit(&self, session: &Session, members: bool, sentence: &'static str) -> Result<Permit, Error> {
        match session.user() {
            _ if !members => Ok(Permit(None)),
            Some(signed_in) => Ok(Permit(Some(signed_in.token))),
            None => Err(Error::Unauthorized(sentence)),
        }
    }

    /// Looks whether a sign-in that is needed is still good, where nothing else asks the database.
    pub(super) async fn confirm(&self, socket: &Socket<Session>, permit: &Permit) -> Result<(), Error> {
        if permit.0.is_some() {
            let check = permit.clone();
            let checked = self.db.read(async move |db: &Transaction| check.check(db).await).await;
            self.heed(socket, permit, &checked);
            checked?;
        }
        self.still(socket.state(), permit)
    }

    /// What was found is told only if it may still be: the socket may have been signed out while it was looked for.
    pub(super) fn still(&self, session: &Session, permit: &Permit) -> Result<(), Error> {
        match &permit.0 {
            Some(token) if !session.is_signed_in_by(token) => Err(Error::Unauthorized(TO_SEE)),
            _ => Ok(()),
        }
    }

    /// Whoever was refused because the sign-in has ended elsewhere is signed in no longer, and told so.
    pub(super) fn heed<T>(&self, socket: &Socket<Session>, permit: &Permit, outcome: &Result<T, Error>) {
        if let Some(token) = &permit.0 {
            self.heed_end(socket, token, outcome);
        }
    }

    /// The same of what was asked with this token.
    pub(super) fn heed_end<T>(&self, socket: &Socket<Session>, token: &Token, outcome: &Result<T, Error>) {
        if let Err(Error::Unauthorized(reason)) = outcome
            && socket.state().is_signed_in_by(token)
        {
            sign_out(socket, self.access);
            tell(socket, reason);
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
    pub(super) async fn hold(&self, db: &Transaction) -> Result<(), Error> {
        match &self.0 {
            Some(token) => auth::hold(db, token).await,
            None => Ok(()),
        }
    }
}
