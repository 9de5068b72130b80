// SPDX-License-Identifier: MIT
//! `cargo xtask <verb>`: the commands a person types. Each verb is one module of the library, whose doc
//! comment is its help.

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Firstlight: from a bare machine and readable text to a working system.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Answers(xtask::answers::Args),
    Bench(xtask::bench::Args),
    Build(xtask::build::Args),
    Chain(xtask::chain::Args),
    Doctor(xtask::doctor::Args),
    Exec(xtask::exec::Args),
    Fetch(xtask::fetch::Args),
    Pack(xtask::pack::Args),
    Run(xtask::run::Args),
    Shell(xtask::shell::Args),
    Sizes(xtask::sizes::Args),
    Test(xtask::test::Args),
}

fn main() -> ExitCode {
    // Files get the same modes whoever runs this.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let result = match Cli::parse().verb {
        Verb::Answers(args) => xtask::answers::main(args),
        Verb::Bench(args) => xtask::bench::main(args),
        Verb::Build(args) => xtask::build::main(args),
        Verb::Chain(args) => xtask::chain::main(args),
        Verb::Doctor(args) => xtask::doctor::main(args),
        Verb::Exec(args) => xtask::exec::main(args),
        Verb::Fetch(args) => xtask::fetch::main(args),
        Verb::Pack(args) => xtask::pack::main(args),
        Verb::Run(args) => xtask::run::main(args),
        Verb::Shell(args) => xtask::shell::main(args),
        Verb::Sizes(args) => xtask::sizes::main(args),
        Verb::Test(args) => xtask::test::main(args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            xtask::whole::advice(&error).iter().for_each(|advice| eprintln!("{advice}"));
            ExitCode::FAILURE
        }
    }
}
