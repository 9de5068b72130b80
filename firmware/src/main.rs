// SPDX-License-Identifier: MIT
//! The bootable monitor: entry code, discovery and drivers. What it does once a machine is found is
//! `kernel-lite`'s.
//!
//! One binary per architecture. `aarch64/` starts from a reset vector in flash or from a boot loader of Linux
//! images and learns of the machine from its device tree; `x86_64/` starts by the PVH protocol. Either
//! ends in [`start`] with the same three things: free memory, drivers, and where a payload may lie.
//!
//! Principles: entry code and discovery are apart, so that another entry (UEFI) needs no second discovery;
//! drivers poll; nothing foreign (device tree, boot parameters) can make it panic.
//!
//! It refuses: to guess a machine. What the description does not name is not touched.
//!
//! On a hosted target this is an empty program, and its tests are those of the parts without hardware.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(any(all(target_os = "none", target_arch = "aarch64"), test))]
#[cfg_attr(test, allow(dead_code))]
mod fdt;
#[cfg(any(target_os = "none", test))]
#[cfg_attr(test, allow(dead_code))]
mod heap;
#[cfg(all(test, target_arch = "x86_64"))]
mod memory_tests;
#[cfg(any(target_os = "none", test))]
#[cfg_attr(test, allow(dead_code))]
mod regions;

#[cfg(target_os = "none")]
extern crate alloc;
#[cfg(target_os = "none")]
mod console;
#[cfg(target_os = "none")]
mod drivers;
#[cfg(target_os = "none")]
mod global;
#[cfg(target_os = "none")]
mod start;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
#[path = "aarch64/mod.rs"]
mod platform;

#[cfg(all(target_os = "none", target_arch = "x86_64"))]
#[path = "x86_64/mod.rs"]
mod platform;

#[cfg(not(target_os = "none"))]
fn main() {}
