//! Settings of the file as defaults of the command line.

use clap::{Command, ValueEnum};

use super::Settings;

impl Settings {
    /// The command line with the settings of the file as its defaults, so that a flag takes precedence over an
    /// environment variable, and both over the file.
    #[must_use]
    pub fn as_defaults(&self, command: Command) -> Command {
        let defaults = self.defaults();
        apply(command, &defaults)
    }

    /// Whether a program that was started with other settings follows these only once it is started again.
    pub(crate) fn need_restart(&self, started: &Self) -> bool {
        self.defaults() != started.defaults()
            || self.types_output != started.types_output
            || self.accounts != started.accounts
    }

    /// The ids of arguments, and their values.
    fn defaults(&self) -> Vec<(&'static str, String)> {
        let server = &self.server;
        let access = server.access.and_then(|access| access.to_possible_value());
        let url = self.database.url.as_ref().map(|url| match url {
            crate::database::DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            crate::database::DatabaseUrl::Postgres(url) => url.clone(),
        });
        let all = [
            ("bind", server.bind.as_ref().map(ToString::to_string)),
            ("access", access.map(|access| access.get_name().to_owned())),
            ("origins", (!server.origins.is_empty()).then(|| server.origins.join(","))),
            ("web", server.web.as_ref().map(|web| web.display().to_string())),
            ("base_path", server.base_path.as_ref().map(ToString::to_string)),
            ("database_url", url),
        ];
        all.into_iter().filter_map(|(id, value)| Some((id, value?))).collect()
    }
}

fn apply(mut command: Command, defaults: &[(&'static str, String)]) -> Command {
    for (id, value) in defaults {
        if command.get_arguments().any(|argument| argument.get_id() == *id) {
            // A default is shown by `--help`; it may contain a password.
            let value = clap::builder::OsStr::from(value.clone());
            command = command.mut_arg(id, |argument| argument.default_value(value).hide_default_value(true));
        }
    }
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, |subcommand| apply(subcommand, defaults)))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::config::{AccessMode, Cli, Command as Chosen};

    #[test]
    fn restart_is_needed_for_arguments_alone() {
        let parse = |text| Settings::parse(text).unwrap();
        let started = parse("[server]\nbind = \"7000\"");
        let same = parse("[server]\nbind = \"7000\"\n[collections.tasks]\nhidden = [\"note\"]");
        assert!(!same.need_restart(&started));
        for other in
            ["", "[server]\nbind = \"7001\"", "[server]\nbind = \"7000\"\n[types]\noutput = \"a.ts\""]
        {
            assert!(parse(other).need_restart(&started), "{other}");
        }
    }

    #[test]
    fn flag_takes_precedence_over_file() {
        let text = "[server]\nbind = \"7000\"\naccess = \"read\"\norigins = [\"https://a.b\", \"null\"]\nbase_path = \"/x\"\n\
                    [database]\nurl = \"sqlite://tasks.db\"";
        let settings = Settings::parse(text).unwrap();
        let parse = |args: &[&str]| {
            let matches =
                settings.as_defaults(Cli::command()).try_get_matches_from([&["rowcast"], args].concat());
            Cli::from_arg_matches(&matches.unwrap()).unwrap()
        };
        let plain = parse(&[]).serve;
        assert_eq!(
            plain.endpoint.bind().to_string(),
            "7000".parse::<crate::address::Bind>().unwrap().to_string()
        );
        assert_eq!((plain.access(), plain.origins()), (AccessMode::Read, vec!["https://a.b", "null"]));
        assert_eq!(plain.storage.database_url.to_string(), "sqlite://tasks.db");
        let given = parse(&["serve", "--access", "open", "--base-path", "/y"]);
        let Some(Chosen::Serve(serve)) = given.command else { panic!("no serve") };
        assert_eq!((serve.access(), serve.endpoint.base_path.to_string()), (AccessMode::Open, "/y".into()));
        assert_eq!(serve.storage.database_url.to_string(), "sqlite://tasks.db");
    }
}
