// SPDX-License-Identifier: MIT
//! Signals.

/// What a signal does to a process: the kernel's `struct sigaction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// 0 default, 1 ignore, else the handler's address.
    pub handler: u64,
    /// SA_*.
    pub flags: u64,
    /// Where the handler returns to.
    pub restorer: u64,
    /// Blocked while the handler runs.
    pub mask: u64,
}

/// A signal on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalInfo {
    /// 1 to 64.
    pub signo: u32,
    /// SI_*, CLD_*, SEGV_* …
    pub code: i32,
    /// Sender's process, or the fault's address.
    pub value: u64,
    /// CLD_*: the status; rt_sigqueueinfo: the value.
    pub status: u64,
}

/// sigaltstack: address, flags, size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    /// Lowest address.
    pub sp: u64,
    /// SS_DISABLE or 0.
    pub flags: u32,
    /// Bytes.
    pub size: u64,
}

impl Default for AltStack {
    fn default() -> AltStack {
        AltStack {
            sp: 0,
            flags: 2,
            size: 0,
        }
    }
}
