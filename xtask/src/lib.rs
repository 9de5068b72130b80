// SPDX-License-Identifier: MIT
//! The commands a person types, as a library that `main.rs` and the end-to-end tests call.
//!
//! One module a verb ([`chain`], [`fetch`], [`pack`], …); the others serve them: [`project`] knows the
//! folders, [`debian`] the private apt, [`bundle`] what a run leaves behind.
//!
//! It refuses to install anything silently, to accept a download whose digest is not the stated one, and to
//! write outside `out/` and the cache.

pub mod answers;
pub mod bench;
pub mod bench_chain;
pub mod board;
pub mod build;
pub mod bundle;
pub mod chain;
pub mod checkpoint;
pub mod console;
pub mod cpio;
pub mod debian;
pub mod doctor;
pub mod emulator;
pub mod exec;
pub mod fetch;
pub mod linux;
pub mod memo;
pub mod pack;
pub mod portable;
pub mod project;
pub mod run;
pub mod shell;
pub mod sizes;
pub mod test;
pub mod whole;
