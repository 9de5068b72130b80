// SPDX-License-Identifier: MIT
//! Device drivers: polled, one request at a time, no interrupts but the timer's.

#[cfg(target_arch = "aarch64")]
pub mod gic;
#[cfg(target_arch = "x86_64")]
pub mod ns16550;
#[cfg(target_arch = "aarch64")]
pub mod pl011;
#[cfg(target_arch = "aarch64")]
pub mod psci;
pub mod virtio;
