// SPDX-License-Identifier: MIT
//! The bootable monitor. On a hosted target this is an empty program, so that the workspace checks as one.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {}
