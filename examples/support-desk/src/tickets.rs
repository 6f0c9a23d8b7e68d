//! Tickets, each with its customer and the agent that it is assigned to.

use std::collections::HashMap;

use rowcast::{
    Collection, Context, Error, Transaction,
    schema::{ById, Form},
    sea_orm::DbErr,
    store,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Agents, Customers};

/// A ticket.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Tickets, rows = with_people, update = r#"{"status": "closed"}"#)]
pub struct Ticket {
    /// Assigned in order from 1.
    pub id: i64,
    /// What it is about: 2 to 120 characters.
    #[collection(validate(length(min = 2, max = 120)), example = "The printer is on fire")]
    pub subject: String,
    /// `open`, `pending` or `closed`; `open` if it is not said.
    #[collection(schema(regex(pattern = STATUS)), read = status, optional, example = "open")]
    pub status: String,
    /// From 1, which is urgent, to 4.
    #[collection(validate(range(min = 1, max = 4)), example = 2)]
    pub priority: i64,
    /// Hours of work on it so far: 0 to 1,000.
    #[collection(validate(range(min = 0.0, max = 1000.0)), example = 1.5)]
    pub hours: Option<f64>,
    /// The customer.
    #[collection(references = Customers, column = customer_id)]
    pub customer: Person,
    /// The agent that it is assigned to, if there is one.
    #[collection(references = Agents, column = assignee_id)]
    pub assignee: Option<Person>,
    /// Changes whenever the row does.
    pub version: i64,
}

/// What a ticket shows of a customer or an agent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
}

const STATUS: &str = "^(open|pending|closed)$";

fn status(form: &mut Form<'_>, field: &'static str) -> String {
    let status = form.text(field);
    if !status.is_empty() && !["open", "pending", "closed"].contains(&&*status) {
        form.add_error(field, "must be open, pending or closed");
    }
    status
}

async fn with_people(db: &Transaction, tickets: Vec<ticket::Model>) -> Result<Vec<Ticket>, DbErr> {
    let customers: Vec<i64> = tickets.iter().map(|ticket| ticket.customer_id).collect();
    let agents: Vec<i64> = tickets.iter().filter_map(|ticket| ticket.assignee_id).collect();
    let customers: HashMap<i64, _> = store::by_ids::<Customers>(db, &customers).await?.into_iter().collect();
    let agents: HashMap<i64, _> = store::by_ids::<Agents>(db, &agents).await?.into_iter().collect();
    let customer = |id| customers.get(&id).map(|row| row.name.clone()).unwrap_or_default();
    let agent = |id| agents.get(&id).map(|row| row.name.clone()).unwrap_or_default();
    let row = |ticket: ticket::Model| Ticket {
        id: ticket.id,
        subject: ticket.subject,
        status: ticket.status,
        priority: ticket.priority,
        hours: ticket.hours,
        customer: Person { id: ticket.customer_id, name: customer(ticket.customer_id) },
        assignee: ticket.assignee_id.map(|id| Person { id, name: agent(id) }),
        version: ticket.version,
    };
    Ok(tickets.into_iter().map(row).collect())
}

/// Assigns a ticket to the agent that asks for it.
///
/// # Errors
/// [`Error::Unauthorized`] for a client that is not signed in; as [`store::update`].
pub(crate) async fn take(context: &Context<'_>, ticket: ById) -> Result<Ticket, Error> {
    let agent = context.user_id().ok_or(Error::Unauthorized("sign in to take a ticket"))?;
    let update = UpdateTicket {
        id: ticket.id,
        version: None,
        subject: None,
        status: None,
        priority: None,
        hours: None,
        customer: None,
        assignee: Some(Some(agent)),
    };
    store::update::<Tickets>(context, Tickets::update(update)).await
}
