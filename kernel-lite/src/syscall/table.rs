// SPDX-License-Identifier: MIT
//! The one table of system calls.
//!
//! `NAME AARCH64 X86_64 => HANDLER, STATUS;` where a number of `_` means that the architecture does not have
//! the call, and the status is `full` or `partial "what is missing"`. The file comes in families; a family
//! is added by its owner.

use super::{Args, Handler, SysResult};
use crate::arch::{ABI, Abi};
use crate::errno::Errno;
use crate::kernel::Kernel;
#[cfg(not(target_os = "none"))]
use alloc::{format, string::String};

/// A number that no call has.
const ABSENT: i64 = -1;

macro_rules! number {
    (_) => {
        ABSENT
    };
    ($n:literal) => {
        $n
    };
}

macro_rules! status {
    (full) => {
        ""
    };
    (partial $missing:literal) => {
        $missing
    };
}

macro_rules! system_calls {
    ($($name:ident $a:tt $x:tt => $handler:path, $status:ident $($missing:literal)?;)*) => {
        #[allow(non_upper_case_globals)]
        mod number {
            use super::*;
            $(pub const $name: i64 = match ABI { Abi::Aarch64 => number!($a), Abi::X86_64 => number!($x) };)*
        }

        /// The handler of call `n` on this architecture.
        #[allow(unreachable_patterns)]
        #[inline]
        fn handler(n: i64) -> Option<Handler> {
            if n < 0 { return None; }
            Some(match n { $(number::$name => $handler,)* _ => return None })
        }

        /// The name of call `n` on this architecture, if the table has it.
        #[allow(unreachable_patterns)]
        pub fn name(n: i64) -> Option<&'static str> {
            if n < 0 { return None; }
            Some(match n { $(number::$name => stringify!($name),)* _ => return None })
        }

        #[cfg(not(target_os = "none"))]
        const ROWS: &[(&str, i64, i64, &str)] =
            &[$((stringify!($name), number!($a), number!($x), status!($status $($missing)?)),)*];
    };
}

system_calls! {
    getpid 172 39 => getpid, full;
}

fn getpid(k: &mut Kernel, _: Args) -> SysResult {
    Ok(k.proc().pid as u64)
}

/// Makes system call `n`.
#[inline]
pub fn dispatch(k: &mut Kernel, n: i64, a: Args) -> SysResult {
    match handler(n) {
        Some(handler) => handler(k, a),
        None => {
            k.unknown_call(n);
            Err(Errno::ENOSYS.into())
        }
    }
}

/// `docs/abi.md`: each call, its numbers and what is missing.
#[cfg(not(target_os = "none"))]
pub fn abi_markdown() -> String {
    let mut out = String::from(
        "<!-- SPDX-License-Identifier: MIT -->\n# System calls\n\nGenerated from `kernel-lite/src/syscall/table.rs`. \
         A call that is not listed is logged and returns ENOSYS.\n\n\
         | call | AArch64 | x86_64 | status |\n|---|---|---|---|\n",
    );
    let number = |n: i64| {
        if n == ABSENT {
            String::from("–")
        } else {
            format!("{n}")
        }
    };
    for (name, a, x, missing) in ROWS {
        let status = if missing.is_empty() {
            String::from("full")
        } else {
            format!("partial: {missing}")
        };
        out += &format!(
            "| `{name}` | {} | {} | {status} |\n",
            number(*a),
            number(*x)
        );
    }
    out
}
