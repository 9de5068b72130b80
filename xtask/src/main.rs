// SPDX-License-Identifier: MIT
//! The commands a person types: `cargo xtask <verb>`.
fn main() {}
