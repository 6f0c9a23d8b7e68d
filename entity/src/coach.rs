//! The people who teach classes, and who may sign in.

use std::fmt;

use sea_orm::entity::prelude::*;

/// A coach.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coaches")]
pub struct Model {
    /// Given out in order from 1.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What everybody calls them.
    pub name: String,
    /// In years.
    pub age: i64,
    /// Address of a portrait.
    #[sea_orm(column_type = "Text")]
    pub picture: String,
    /// Who they are when they sign in; null for those who do not.
    #[sea_orm(unique)]
    pub username: Option<String>,
    /// Never leaves the server.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<PasswordHash>,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// A password as it is kept. It is left out of `Debug`, so that no log can show it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl PasswordHash {
    /// The hash as argon2 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What refers to a coach.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The classes they teach.
    #[sea_orm(has_many = "super::schedule::Entity")]
    Schedules,
}

impl Related<super::schedule::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Schedules.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
mod tests {
    use sea_orm::Set;

    use super::*;

    #[test]
    fn debug_keeps_the_password_hash_to_itself() {
        let hash = Some(PasswordHash("$argon2id$secret".into()));
        let model = Model {
            id: 1,
            name: "Ada".into(),
            age: 36,
            picture: "https://example.com/ada.png".into(),
            username: Some("ada".into()),
            password_hash: hash.clone(),
            version: 1,
        };
        let active = ActiveModel { password_hash: Set(hash), ..Default::default() };

        let shown = format!("{model:?} {active:?}");

        assert!(shown.contains("PasswordHash(…)"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
