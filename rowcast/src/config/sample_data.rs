//! The command line of a product without sample data.

use clap::Command;

/// Hides from the help what concerns sample data. It is accepted as before.
pub(crate) fn without_sample_data(mut command: Command) -> Command {
    if command.get_arguments().any(|argument| argument.get_id() == "sample_data") {
        command = command.mut_arg("sample_data", |argument| argument.hide(true));
    }
    command.mut_subcommands(|subcommand| match subcommand.get_name() {
        "seed" => subcommand.hide(true),
        _ => without_sample_data(subcommand),
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::config::{Cli, ProjectCli, SampleData};

    #[test]
    fn help_of_a_product_without_sample_data_does_not_mention_it() {
        for program in [Cli::command(), ProjectCli::command()] {
            let help = |command: &mut Command| command.render_long_help().to_string();
            assert!(help(&mut program.clone()).contains("--sample-data"));
            let mut program = without_sample_data(program);
            program.build();
            assert!(!help(&mut program).contains("sample"), "{}", help(&mut program));
            let serve = program.find_subcommand_mut("serve").unwrap();
            assert!(!help(serve).contains("sample"), "{}", help(serve));
        }
        let given = Cli::try_parse_from(["gymbook", "--sample-data", "never"]).unwrap();
        assert_eq!(given.serve.sample_data, SampleData::Never);
    }
}
