//! The difference between what is wanted and what is installed.

use std::collections::BTreeSet;

use super::{
    Installed,
    function::Function,
    trigger::{self, WantedTrigger},
};
use crate::attach::{SCHEMA, Statement, name::quoted, tracked::Tracked};

/// New functions and triggers come first, and old ones go then, so that no change is missed between.
pub(in crate::attach) fn plan(tracked: &[Tracked<'_>], installed: &Installed) -> Vec<Statement> {
    let shared = (!tracked.is_empty()).then(Function::current_key);
    let mut statements: Vec<_> = shared.iter().flat_map(|function| define(function, installed)).collect();
    let (mut functions, mut triggers) = (Vec::from_iter(shared), Vec::new());
    for tracked in tracked {
        let (of_table, on_table) = (functions_of(tracked), trigger::wanted(tracked));
        statements.extend(of_table.iter().flat_map(|function| define(function, installed)));
        statements.extend(on_table.iter().flat_map(|trigger| enable(trigger, installed)));
        functions.extend(of_table);
        triggers.extend(on_table);
    }
    statements.extend(drop_triggers(&triggers, &functions, installed));
    statements.extend(drop_functions(&functions, installed));
    statements
}

fn functions_of(tracked: &Tracked<'_>) -> Vec<Function> {
    let version = tracked.counts_versions.then(|| Function::version(tracked));
    std::iter::once(Function::log(tracked)).chain(version).collect()
}

fn define(function: &Function, installed: &Installed) -> Vec<Statement> {
    let found = installed.functions.get(&function.name);
    let is_current =
        found.is_some_and(|found| found.body == function.body && found.is_definer == function.is_definer);
    let create = (!is_current).then(|| function.create());
    let revoke = found.is_none_or(|found| found.is_public).then(|| function.revoke());
    create.into_iter().chain(revoke).collect()
}

fn enable(wanted: &WantedTrigger, installed: &Installed) -> Vec<Statement> {
    let trigger = &wanted.trigger;
    let state = installed.triggers.get(trigger);
    let create = state.is_none().then(|| wanted.create());
    // A new trigger fires except under replication. A disabled one may be intended.
    let may_always = installed.is_owner(&trigger.table);
    let always =
        (may_always && state.is_none_or(|state| state.fires_by_default())).then(|| trigger.enable_always());
    let copies = installed.copies.iter().filter(|(copy, state)| {
        copy.name == trigger.name && state.fires_by_default() && installed.is_owner(&copy.table)
    });
    let copies = copies.map(|(copy, _)| copy.enable_always());
    create.into_iter().chain(always).chain(copies).collect()
}

/// Triggers of a function that stays. Only a table's owner may drop them; others leave them, because they do no harm.
fn drop_triggers(wanted: &[WantedTrigger], functions: &[Function], installed: &Installed) -> Vec<Statement> {
    let wanted: BTreeSet<_> = wanted.iter().map(|wanted| &wanted.trigger).collect();
    let kept: BTreeSet<&str> = functions.iter().map(|function| &*function.name).collect();
    let old = installed.triggers.keys().filter(|trigger| {
        !wanted.contains(trigger) && kept.contains(&*trigger.function) && installed.is_owner(&trigger.table)
    });
    old.map(|trigger| trigger.drop()).collect()
}

/// With the function its triggers go, on tables of other owners too.
fn drop_functions(wanted: &[Function], installed: &Installed) -> Vec<Statement> {
    let wanted: BTreeSet<&str> = wanted.iter().map(|function| &*function.name).collect();
    let old = installed.functions.iter().filter(|(name, _)| !wanted.contains(&***name));
    old.map(|(name, _)| {
        Statement::general(format!("drop function if exists {SCHEMA}.{} cascade", quoted(name)))
    })
    .collect()
}
