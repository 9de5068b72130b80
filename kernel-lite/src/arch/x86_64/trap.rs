// SPDX-License-Identifier: MIT
//! Into user mode and back.
//!
//! While user mode runs, the interrupt stack is the thread's [`UserContext`] itself, so that the processor
//! and the stubs push the registers to where they stay. SYSCALL switches no stack: its entry finds the context
//! in a variable of the one core, so no GS base is swapped.

use super::tables::{self, MONITOR_CODE, TASK_STATE};
use super::timer::{self, SPURIOUS_VECTOR, TIMER_VECTOR};
use super::{DIRECT_MAP, Root, Trap, UserContext, mmu, pte};
use crate::paging::{Access, USER_END};
use crate::ram::PhysAddr;
use crate::syscall::number;
use core::arch::{asm, global_asm};
use core::mem::offset_of;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What `enter_user` returns for SYSCALL; other values are vectors.
const SYSCALL: u64 = 0x100;

const EFER: u32 = 0xc000_0080;
const STAR: u32 = 0xc000_0081;
const LSTAR: u32 = 0xc000_0082;
const FMASK: u32 = 0xc000_0084;
const FS_BASE: u32 = 0xc000_0100;
const GS_BASE: u32 = 0xc000_0101;
/// EFER: SYSCALL on.
const SCE: u64 = 1;
/// Flags that SYSCALL clears: TF, IF, DF, IOPL, NT, AC.
const CLEARED: u64 = 1 << 8 | 1 << 9 | 1 << 10 | 3 << 12 | 1 << 14 | 1 << 18;
/// STAR: SYSRET takes its selectors from 16 and 8 above 0x23.
const SELECTORS: u64 = 0x23 << 48 | MONITOR_CODE << 32;

global_asm!(
    r#"
    .pushsection .bss.user_entry, "aw", @nobits
    .balign 8
current_context:    .space 8
saved_rsp:          .space 8
    .popsection

    .pushsection .text.trap, "ax"
    .balign 16
syscall_entry:
    mov     [rip + saved_rsp], rsp
    mov     rsp, [rip + current_context]
    mov     [rsp + 104], rsi
    movzx   esi, al
    mov     [rsp + 80], rax
    lea     rax, [rip + {answers}]
    movzx   esi, byte ptr [rax + rsi]
    test    esi, esi
    jz      1f
    cmp     qword ptr [rsp + 80], 256
    jae     1f
    cmp     qword ptr [rsp + {calls}], 1
    jbe     1f                      // its turn is over
    bt      r11, 8                  // not with TF set, as below
    jc      1f
    // The answer is in the context, and nothing can be due that was not when user mode was entered.
    dec     qword ptr [rsp + {calls}]
    mov     rax, [rsp + rsi * 8]
    mov     rsi, [rsp + 104]
    mov     rsp, [rip + saved_rsp]
    sysretq                         // rcx is user space's: its last page is never mapped
1:  mov     [rsp], r15
    mov     [rsp + 8], r14
    mov     [rsp + 16], r13
    mov     [rsp + 24], r12
    mov     [rsp + 32], rbx
    mov     [rsp + 40], rbp
    mov     [rsp + 48], r11
    mov     [rsp + 56], r10
    mov     [rsp + 64], r9
    mov     [rsp + 72], r8
    mov     [rsp + 88], rcx
    mov     [rsp + 96], rdx
    mov     [rsp + 112], rdi
    mov     rdx, [rip + saved_rsp]
    mov     [rsp + {rip}], rcx
    mov     [rsp + {rflags}], r11
    mov     [rsp + {rsp}], rdx
    mov     eax, {syscall}
    jmp     leave_user

    // One stub a vector, 16 bytes each; vectors 8, 10 to 14, 17, 21, 29, 30 come with an error code.
    .balign 16
trap_stubs:
    .set    vector, 0
    .rept   33
    .balign 16
    .if     (0x60227d00 >> vector) & 1 == 0 || vector == 32
    push    0
    .endif
    push    vector
    jmp     trap
    .set    vector, vector + 1
    .endr
    .balign 16
spurious_stub:
    push    0
    push    {spurious}
    jmp     trap

trap:                               // vector, error code, rip, cs, rflags, rsp, ss
    test    byte ptr [rsp + 24], 3
    jz      monitor_trap
    push    rdi
    push    rsi
    push    rdx
    push    rcx
    push    rax
    push    r8
    push    r9
    push    r10
    push    r11
    push    rbp
    push    rbx
    push    r12
    push    r13
    push    r14
    push    r15
    cld
    mov     rax, [rsp + {vector}]

leave_user:                         // rax: what happened, rsp: the context
    mov     rsp, [rsp + {kernel_rsp}]
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret

monitor_trap:
    cld
    mov     rdi, [rsp]
    mov     rsi, [rsp + 8]
    mov     rdx, [rsp + 16]
    mov     rcx, cr2
    and     rsp, -16
    call    {monitor_fault}

    // enter_user(rdi: context) -> rax: vector or SYSCALL
    .balign 16
enter_user:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [rdi + {kernel_rsp}], rsp
    mov     [rip + current_context], rdi
    lea     rax, [rdi + {frame_end}]
    mov     [rip + {task} + {rsp0}], rax
    mov     rsp, rdi
    mov     r15, [rsp]
    mov     r14, [rsp + 8]
    mov     r13, [rsp + 16]
    mov     r12, [rsp + 24]
    mov     rbx, [rsp + 32]
    mov     rbp, [rsp + 40]
    mov     r11, [rsp + 48]
    mov     r10, [rsp + 56]
    mov     r9, [rsp + 64]
    mov     r8, [rsp + 72]
    mov     rcx, [rsp + 88]
    mov     rdx, [rsp + 96]
    mov     rsi, [rsp + 104]
    // SYSRET when rcx and r11 hold what it puts into rip and rflags, as after SYSCALL.
    cmp     rcx, [rsp + {rip}]
    jne     1f
    cmp     r11, [rsp + {rflags}]
    jne     1f
    mov     rax, rcx
    shr     rax, 47                 // beyond user space it would fault in ring 0
    jnz     1f
    bt      r11, 8                  // with TF set it would trap in ring 0 on some processors
    jc      1f
    mov     rax, [rsp + 80]
    mov     rdi, [rsp + 112]
    mov     rsp, [rsp + {rsp}]
    sysretq
1:  mov     rax, [rsp + 80]
    mov     rdi, [rsp + 112]
    add     rsp, {rip}
    iretq
    .popsection
    "#,
    rip = const offset_of!(UserContext, rip),
    rflags = const offset_of!(UserContext, rflags),
    rsp = const offset_of!(UserContext, rsp),
    vector = const offset_of!(UserContext, vector),
    kernel_rsp = const offset_of!(UserContext, kernel_rsp),
    frame_end = const offset_of!(UserContext, ss) + 8,
    rsp0 = const offset_of!(tables::Task, rsp0),
    task = sym TASK_STATE,
    syscall = const SYSCALL,
    calls = const offset_of!(UserContext, calls),
    answers = sym ANSWERS,
    spurious = const SPURIOUS_VECTOR,
    monitor_fault = sym monitor_fault,
);

// What the assembly takes for granted; the processor aligns the interrupt stack to 16.
const _: () = assert!(offset_of!(UserContext, rax) == 80 && offset_of!(UserContext, rdi) == 112);
const _: () =
    assert!(offset_of!(UserContext, vector) == 120 && (offset_of!(UserContext, ss) + 8).is_multiple_of(16));

/// By number of a system call: where the context holds its answer, in words; 0 for the kernel's calls. They are
/// those that some programs make so often that the way through the kernel would be most of their time.
static ANSWERS: [u8; 256] = {
    let mut answers = [0; 256];
    answers[number::getpid as usize] = (offset_of!(UserContext, pid) / 8) as u8;
    answers[number::gettid as usize] = (offset_of!(UserContext, tid) / 8) as u8;
    let root = (offset_of!(UserContext, root) / 8) as u8;
    answers[number::getuid as usize] = root;
    answers[number::geteuid as usize] = root;
    answers[number::getgid as usize] = root;
    answers[number::getegid as usize] = root;
    answers
};

unsafe extern "C" {
    static trap_stubs: u8;
    static spurious_stub: u8;
    static syscall_entry: u8;
    fn enter_user(context: *mut UserContext) -> u64;
}

unsafe fn wrmsr(register: u32, value: u64) {
    // SAFETY: the caller knows the register and what its value does.
    unsafe {
        asm!("wrmsr", in("ecx") register, in("eax") value as u32, in("edx") (value >> 32) as u32, options(nostack, preserves_flags))
    };
}

unsafe fn rdmsr(register: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: the caller knows that the register exists.
    unsafe {
        asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high, options(nostack, preserves_flags))
    };
    low as u64 | (high as u64) << 32
}

/// Prepares the processor for user mode. Called once, with the monitor's own translation tables in place.
///
/// `own_root`: their top level. `apic`: where the local APIC is mapped. `wait`: returns after a time that it
/// knows, and gives it in nanoseconds.
///
/// # Safety
/// `apic` is mapped as device memory for ever, and `own_root` is the table in CR3.
pub unsafe fn init(own_root: PhysAddr, apic: usize, wait: &dyn Fn() -> u64) {
    mmu::set_own_root(own_root);
    tables::load(&|vector| match vector as u64 {
        0..=TIMER_VECTOR => (&raw const trap_stubs).addr() as u64 + 16 * vector as u64,
        SPURIOUS_VECTOR => (&raw const spurious_stub).addr() as u64,
        _ => 0,
    });
    // SAFETY: the registers of SYSCALL, which every x86_64 processor has, get the entry above. CR0: monitor
    // coprocessor and numeric errors on, no emulation, no task-switched trap. CR4: OSFXSR, OSXMMEXCPT, TSD
    // (time-stamp counter for ring 0 only), and SMEP and SMAP where CPUID has them: the monitor neither
    // executes nor accesses pages of user mode by their user translation.
    unsafe {
        wrmsr(STAR, SELECTORS);
        wrmsr(LSTAR, (&raw const syscall_entry).addr() as u64);
        wrmsr(FMASK, CLEARED);
        wrmsr(EFER, rdmsr(EFER) | SCE);
        let mut cr0: u64;
        asm!("mov {}, cr0", out(reg) cr0, options(nostack, preserves_flags));
        cr0 = cr0 & !(1 << 2 | 1 << 3) | 1 << 1 | 1 << 5;
        asm!("mov cr0, {}", in(reg) cr0, options(nostack, preserves_flags));
        let mut cr4: u64;
        asm!("mov {}, cr4", out(reg) cr4, options(nostack, preserves_flags));
        cr4 |= 1 << 9 | 1 << 10 | 1 << 2;
        if core::arch::x86_64::__cpuid(0).eax >= 7 {
            let features = core::arch::x86_64::__cpuid_count(7, 0).ebx;
            cr4 |= (features as u64 >> 7 & 1) << 20 | (features as u64 >> 20 & 1) << 21;
        }
        asm!("mov cr4, {}", in(reg) cr4, options(nostack, preserves_flags));
        timer::init(apic, wait);
    }
}

/// The context that ran last and what the segment bases hold, so that they are written only when they change.
static LOADED: [AtomicU64; 3] = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];

/// Runs the thread in user mode until it traps. Fewer than `calls` calls are answered on the way.
#[inline]
pub fn run_user(context: &mut UserContext, root: Root, calls: u32) -> Trap {
    context.calls = calls as u64;
    loop {
        let id = (&raw const *context).addr() as u64;
        let bases = [context.fs_base, context.gs_base];
        if mmu::current() != root.table || LOADED[0].load(Relaxed) != id {
            switch(root, id, bases);
        } else if LOADED[1].load(Relaxed) != bases[0] || LOADED[2].load(Relaxed) != bases[1] {
            load_bases(bases);
        }
        // SAFETY: `enter_user` keeps the C calling convention; it writes to the context only. User mode can
        // reach only what the tables at `root` map for it, which is no memory of the monitor's own.
        let what = unsafe { enter_user(context) };
        if what == SYSCALL {
            return Trap::Syscall;
        }
        if let Some(trap) = decode(context, what, root) {
            return trap;
        }
    }
}

/// Another thread than the last one, or another space.
#[cold]
fn switch(root: Root, id: u64, bases: [u64; 2]) {
    if mmu::current() != root.table {
        // SAFETY: the tables carry the monitor's entries (`pte::init_root`).
        unsafe { mmu::load(root.table) };
    }
    LOADED[0].store(id, Relaxed);
    load_bases(bases);
}

/// Written for every other thread anew: a program can change them by loading a selector.
#[cold]
fn load_bases(bases: [u64; 2]) {
    // SAFETY: the values are addresses of user space; the monitor uses neither segment.
    unsafe {
        wrmsr(FS_BASE, bases[0]);
        wrmsr(GS_BASE, bases[1]);
    }
    LOADED[1].store(bases[0], Relaxed);
    LOADED[2].store(bases[1], Relaxed);
}

/// What an exception or interrupt means; `None`: it has been dealt with (SDM volume 3, section 6.15).
#[cold]
fn decode(context: &mut UserContext, vector: u64, root: Root) -> Option<Trap> {
    Some(match vector {
        TIMER_VECTOR => {
            timer::end_of_interrupt();
            Trap::Timer
        }
        SPURIOUS_VECTOR => return None,
        0 | 16 | 19 => Trap::Arithmetic,
        1 | 3 => Trap::Breakpoint,
        6 | 7 => Trap::Undefined,
        4 | 5 | 10..=13 => match counter_read(context, vector, root) {
            Some(length) => Trap::Counter { what: length },
            None => Trap::GeneralProtection,
        },
        14 => {
            let addr: u64;
            // SAFETY: reading CR2 has no effect.
            unsafe { asm!("mov {}, cr2", out(reg) addr, options(nomem, nostack, preserves_flags)) };
            let access = match context.error {
                e if e & 1 << 4 != 0 => Access::Exec,
                e if e & 1 << 1 != 0 => Access::Write,
                _ => Access::Read,
            };
            Trap::Fault { addr, access }
        }
        17 => Trap::Alignment { addr: context.rip },
        _ => Trap::Other(vector),
    })
}

/// The length of the RDTSC or RDTSCP that caused #GP, if it was one.
fn counter_read(context: &UserContext, vector: u64, root: Root) -> Option<u32> {
    if vector != 13 || context.error != 0 {
        return None;
    }
    let byte = |i| fetch(root, context.rip.checked_add(i)?);
    match (byte(0)?, byte(1)?) {
        (0x0f, 0x31) => Some(2),
        (0x0f, 0x01) if byte(2)? == 0xf9 => Some(3),
        _ => None,
    }
}

/// A byte of user memory that can be executed.
fn fetch(root: Root, at: u64) -> Option<u8> {
    if at >= USER_END {
        return None;
    }
    let mut table = root.table;
    for level in (0..4).rev() {
        let place = table.0 + (at >> (12 + 9 * level) & 511) * 8;
        // SAFETY: `table` is a page table of the space that just ran, in RAM, which the direct map reaches.
        let entry = unsafe { ((DIRECT_MAP + place) as *const u64).read() };
        if level > 0 {
            table = pte::decode_table(entry)?;
        } else {
            let page = pte::address(entry);
            let exec = pte::is_page(entry) && pte::prot(entry).has(Access::Exec.needs());
            // SAFETY: the same of a page that the space maps.
            return exec.then(|| unsafe { ((DIRECT_MAP + page.0 + (at & 4095)) as *const u8).read() });
        }
    }
    None
}

unsafe extern "Rust" {
    /// `firmware`'s last words: what kind of exception, the address it was about, and where it happened.
    safe fn monitor_exception(kind: u64, address: u64, pc: u64) -> !;
}

/// An exception in the monitor itself, a failed check of its own code (`ud2`) included: a bug.
extern "C" fn monitor_fault(vector: u64, error: u64, pc: u64, address: u64) -> ! {
    monitor_exception(vector << 32 | error, address, pc.wrapping_sub(DIRECT_MAP))
}
