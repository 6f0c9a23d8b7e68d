//! Customers.

use rowcast::Collection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Customers)]
pub struct Customer {
    /// Assigned in order from 1.
    pub id: i64,
    /// Name of the customer: 2 to 80 characters.
    #[collection(validate(length(min = 2, max = 80)), example = "Ada Lovelace")]
    pub name: String,
    /// Where answers go: 3 to 200 characters, of no other customer.
    #[collection(validate(length(min = 3, max = 200)), unique, example = "ada@example.com")]
    pub email: String,
    /// Changes whenever the row does.
    pub version: i64,
}
