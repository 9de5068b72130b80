// SPDX-License-Identifier: MIT
//! Into user mode and back.
//!
//! While user mode runs, SP_EL1 points at the thread's [`UserContext`], so that the exception vector can
//! store all registers without a scratch register and without a memory access that is not needed.

use super::context::FpState;
use super::{DIRECT_MAP, Root, Trap, UserContext, set_timer};
use crate::paging::Access;
use crate::ram::PhysAddr;
use core::arch::{asm, global_asm};
use core::mem::offset_of;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Set beside the syndrome when the exception was an interrupt.
const INTERRUPT: u64 = 1 << 63;
/// Set beside the syndrome when the exception was an SError.
const SERROR: u64 = 1 << 62;

global_asm!(
    r#"
    .macro SAVE_USER
        stp     x0, x1, [sp]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x19, [sp, #144]
        stp     x20, x21, [sp, #160]
        stp     x22, x23, [sp, #176]
        stp     x24, x25, [sp, #192]
        stp     x26, x27, [sp, #208]
        stp     x28, x29, [sp, #224]
        mrs     x1, sp_el0
        stp     x30, x1, [sp, #240]
        mrs     x2, elr_el1
        mrs     x3, spsr_el1
        stp     x2, x3, [sp, #{pc}]
        mrs     x4, tpidr_el0
    .endm
    .arch_extension fp
    .arch_extension simd

    // The linker script puts these two sections 512 and 640 bytes behind `exception_vectors`: the slots of exceptions
    // from the monitor itself and from user mode, 128 bytes each. What a slot has left holds code that is needed anyway.
    .section .text.vectors.first, "ax"
    b       monitor_fault       // from the monitor: synchronous
leave_user:                     // x0: syndrome, x1 to x4: sp, pc, PSTATE, thread pointer, sp: the context
    ldr     x5, [sp, #{kernel_sp}]
    str     x4, [sp, #{tls}]
    adr     x6, loaded
    stp     x1, x4, [x6]
    stp     x2, x3, [x6, #16]
    mov     sp, x5
    ldp     x19, x20, [sp]
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    add     sp, sp, #96
    ret

    .section .text.vectors, "ax"
    b       monitor_fault       // from the monitor: IRQ
monitor_fault:
    adr     x4, emergency_stack_end
    mov     sp, x4
    mrs     x0, esr_el1
    mrs     x1, far_el1
    mrs     x2, elr_el1
    bl      {monitor_fault}
load_fp:                        // load_fp(x0: FpState)
    ldp     x1, x2, [x0]
    msr     fpsr, x1
    msr     fpcr, x2
    ldp     q0, q1, [x0, #16]
    ldp     q2, q3, [x0, #48]
    ldp     q4, q5, [x0, #80]
    ldp     q6, q7, [x0, #112]
    ldp     q8, q9, [x0, #144]
    ldp     q10, q11, [x0, #176]
    ldp     q12, q13, [x0, #208]
    ldp     q14, q15, [x0, #240]
    ldp     q16, q17, [x0, #272]
    ldp     q18, q19, [x0, #304]
    ldp     q20, q21, [x0, #336]
    ldp     q22, q23, [x0, #368]
    ldp     q24, q25, [x0, #400]
    ldp     q26, q27, [x0, #432]
    ldp     q28, q29, [x0, #464]
    ldp     q30, q31, [x0, #496]
    ret

    .balign 128                 // from the monitor: FIQ
    b       monitor_fault
changed:                        // enter_user, if something is new
    cbz     x8, 3f
    msr     sp_el0, x2
3:  cbz     x9, 4f
    msr     tpidr_el0, x3
4:  cbz     x10, 5f
    msr     elr_el1, x6
5:  cbz     x11, 6f
    msr     spsr_el1, x7
6:  cbz     x12, enter
    msr     ttbr0_el1, x1
    str     x1, [x5, #32]
enter:                          // the end of enter_user
    dsb     nshst               // table entries written since; ERET synchronises the context
    ldp     x0, x1, [sp]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    eret

    .balign 128                 // from the monitor: SError
    b       monitor_fault
enter_user:                     // enter_user(x0: context, x1: TTBR0_EL1) -> x0: syndrome
    sub     sp, sp, #96
    stp     x19, x20, [sp]
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    adr     x5, loaded
    mov     x4, sp
    str     x4, [x0, #{kernel_sp}]
    mov     sp, x0
    ldp     x30, x2, [sp, #240] // x30 and sp
    ldr     x3, [sp, #{tls}]
    ldp     x6, x7, [sp, #{pc}] // pc and PSTATE
    ldp     x8, x9, [x5]
    ldp     x10, x11, [x5, #16]
    ldr     x12, [x5, #32]
    eor     x8, x8, x2
    eor     x9, x9, x3
    eor     x10, x10, x6
    eor     x11, x11, x7
    eor     x12, x12, x1
    orr     x13, x8, x9
    orr     x14, x10, x11
    orr     x13, x13, x12
    orr     x13, x13, x14
    cbz     x13, enter
    b       changed

    .balign 128                 // user mode: synchronous
    SAVE_USER
    mrs     x0, esr_el1
    b       leave_user

    .balign 128                 // user mode: IRQ
interrupted:
    SAVE_USER
    mov     x0, #{interrupt}
    b       leave_user

    .balign 128                 // user mode: FIQ
    b       interrupted
save_fp:                        // save_fp(x0: FpState)
    mrs     x1, fpsr
    mrs     x2, fpcr
    stp     x1, x2, [x0]
    stp     q0, q1, [x0, #16]
    stp     q2, q3, [x0, #48]
    stp     q4, q5, [x0, #80]
    stp     q6, q7, [x0, #112]
    stp     q8, q9, [x0, #144]
    stp     q10, q11, [x0, #176]
    stp     q12, q13, [x0, #208]
    stp     q14, q15, [x0, #240]
    stp     q16, q17, [x0, #272]
    stp     q18, q19, [x0, #304]
    stp     q20, q21, [x0, #336]
    stp     q22, q23, [x0, #368]
    stp     q24, q25, [x0, #400]
    stp     q26, q27, [x0, #432]
    stp     q28, q29, [x0, #464]
    stp     q30, q31, [x0, #496]
    ret

    .balign 128                 // user mode: SError
    SAVE_USER
    mrs     x0, esr_el1
    orr     x0, x0, #{serror}
    b       leave_user

    .section .bss.emergency_stack, "aw", %nobits
    .balign 16
    .space  4096
emergency_stack_end:

    // What SP_EL0, TPIDR_EL0, ELR_EL1, SPSR_EL1 and TTBR0_EL1 hold. A system call that changes none of them
    // writes none of them: each write of a system register is a turn through the emulator's main loop.
    .section .bss.loaded, "aw", %nobits
    .balign 16
loaded:         .space  32
current_ttbr0:  .space  8
    "#,
    pc = const offset_of!(UserContext, pc),
    tls = const offset_of!(UserContext, tls),
    kernel_sp = const offset_of!(UserContext, kernel_sp),
    interrupt = const INTERRUPT,
    serror = const SERROR,
    monitor_fault = sym monitor_fault,
);

// What the assembly takes for granted.
const _: () = assert!(offset_of!(UserContext, x) == 0 && offset_of!(UserContext, sp) == 248);
const _: () = assert!(offset_of!(FpState, fpcr) == 8 && offset_of!(FpState, v) == 16);
const _: () = assert!(offset_of!(UserContext, pstate) == offset_of!(UserContext, pc) + 8);

/// The empty tables that TTBR0_EL1 holds when it holds no space's.
static EMPTY: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    static exception_vectors: u8;
    static mut current_ttbr0: u64;
    fn enter_user(context: *mut UserContext, ttbr0: u64) -> u64;
    /// Stores the processor's floating-point registers.
    pub(super) fn save_fp(fp: *mut FpState);
    /// Loads them.
    pub(super) fn load_fp(fp: *const FpState);
}

/// Takes whatever space is in TTBR0_EL1 out of it.
pub(super) fn leave_space() {
    let empty = EMPTY.load(Relaxed);
    // SAFETY: the monitor itself uses nothing of the lower half; one core, so nobody else looks at the copy.
    unsafe {
        current_ttbr0 = empty;
        asm!("msr ttbr0_el1, {}", "isb", in(reg) empty, options(nostack, preserves_flags));
    }
}

/// Prepares the processor for user mode. Called once, with the monitor's own translation tables in place;
/// `empty` is a table without entries.
pub fn init(empty: PhysAddr) {
    EMPTY.store(empty.0, Relaxed);
    leave_space();
    // SAFETY: the vectors are the ones above. CPACR_EL1.FPEN (bits 20, 21) lets user mode use the
    // floating-point registers. CNTKCTL_EL1 = 0 traps every read of a counter or timer from EL0. The
    // SCTLR_EL1 bits set are UCT (15), DZE (14), UCI (26): cache type, `dc zva` and cache maintenance by
    // address in EL0, as Linux allows; nTWI (16) and nTWE (18) are cleared, so that waiting traps. The four
    // registers of user mode are zero, as `loaded` says.
    unsafe {
        asm!(
            "msr vbar_el1, {vectors}",
            "mov {t}, #3 << 20",
            "msr cpacr_el1, {t}",
            "msr cntkctl_el1, xzr",
            "mrs {t}, sctlr_el1",
            "orr {t}, {t}, #1 << 14",
            "orr {t}, {t}, #1 << 15",
            "orr {t}, {t}, #1 << 26",
            "bic {t}, {t}, #1 << 16",
            "bic {t}, {t}, #1 << 18",
            "msr sctlr_el1, {t}",
            "msr sp_el0, xzr",
            "msr tpidr_el0, xzr",
            "msr elr_el1, xzr",
            "msr spsr_el1, xzr",
            "isb",
            vectors = in(reg) &raw const exception_vectors,
            t = out(reg) _,
            options(nostack, preserves_flags)
        )
    }
}

/// Runs the thread in user mode until it traps. No call is answered here.
#[inline]
pub fn run_user(context: &mut UserContext, root: Root, _calls: u32) -> Trap {
    let ttbr0 = root.table.0 | (root.asid as u64) << 48;
    loop {
        // SAFETY: `enter_user` keeps the C calling convention; it writes to the context only. User mode can
        // reach only what the tables at `root` map for it, which is no memory of the monitor's own.
        let syndrome = unsafe { enter_user(context, ttbr0) };
        // EC 0x15: SVC in AArch64 state; IL (bit 25) is 1 and the immediate is not looked at.
        if syndrome >> 26 == 0x15 {
            return Trap::Syscall;
        }
        if let Some(trap) = decode(context, syndrome) {
            return trap;
        }
    }
}

/// What an exception other than a system call means; `None`: it has been dealt with (ARM ARM, ESR_EL1).
#[cold]
fn decode(context: &mut UserContext, syndrome: u64) -> Option<Trap> {
    if syndrome & INTERRUPT != 0 {
        set_timer(None);
        return Some(Trap::Timer);
    }
    if syndrome & SERROR != 0 {
        return Some(Trap::Other(syndrome));
    }
    let iss = syndrome as u32 & 0x1ff_ffff;
    // Fault status code: 0b0001LL translation of level LL, 0b0010LL access flag, 0b0011LL permission,
    // 0b000000 and up address size, 0b100001 alignment.
    let status = iss & 0x3f;
    let far: u64;
    // SAFETY: reading FAR_EL1 has no effect.
    unsafe { asm!("mrs {}, far_el1", out(reg) far, options(nomem, nostack, preserves_flags)) };
    Some(match (syndrome >> 26) & 0x3f {
        // WFI or WFE: waiting ends at once.
        0x01 => {
            context.pc = context.pc.wrapping_add(4);
            return None;
        }
        0x20 if status < 0x10 => Trap::Fault { addr: far, access: Access::Exec },
        0x22 => Trap::Alignment { addr: context.pc },
        0x24 if status == 0x21 => Trap::Alignment { addr: far },
        // WnR (bit 6) is 1 for cache maintenance too (CM, bit 8), which only needs the right to read.
        0x24 if status < 0x10 => {
            let write = iss & (1 << 6) != 0 && iss & (1 << 8) == 0;
            Trap::Fault { addr: far, access: if write { Access::Write } else { Access::Read } }
        }
        0x26 => Trap::Alignment { addr: context.sp },
        0x2c => Trap::Arithmetic,
        0x30 | 0x32 | 0x34 | 0x3c => Trap::Breakpoint,
        // A trapped system-register access: Op0 3, Op1 3, CRn 14, CRm 0, Op2 0 to 2, read: the counters.
        0x18 if iss >> 20 == 3
            && iss & 1 == 1
            && iss >> 14 & 7 == 3
            && iss >> 10 & 15 == 14
            && iss >> 1 & 15 == 0
            && iss >> 17 & 7 <= 2 =>
        {
            Trap::Counter { what: iss }
        }
        0x00 | 0x07 | 0x0e | 0x18 | 0x19 => Trap::Undefined,
        _ => Trap::Other(syndrome),
    })
}

unsafe extern "Rust" {
    /// `firmware`'s last words: what kind of exception, the address it was about, and where it happened.
    safe fn monitor_exception(kind: u64, address: u64, pc: u64) -> !;
}

/// An exception in the monitor itself, a failed check of its own code (`brk`) included: a bug.
extern "C" fn monitor_fault(syndrome: u64, address: u64, pc: u64) -> ! {
    monitor_exception(syndrome, address, pc.wrapping_sub(DIRECT_MAP))
}
